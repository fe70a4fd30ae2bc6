// What the compiler must get right. GCC 12 destroys temporaries of co_await expressions twice, or
// uses them after their end, in exactly these shapes; the code avoids most of them, third-party
// code and the next contributor may not. Every case counts constructions and destructions, and runs
// under the sanitizers too.
#include "support/run.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace showrunner {

namespace {

/// Counts itself; owns heap memory, so that a second destruction is also seen by the sanitizers.
class Counted {
public:
    explicit Counted(std::string text) : text_{std::move(text)} { ++born; }

    Counted(Counted const& other) : text_{other.text_} { ++born; }

    Counted(Counted&& other) noexcept : text_{std::move(other.text_)} { ++born; }

    Counted& operator=(Counted const&) = default;
    Counted& operator=(Counted&&) = default;

    ~Counted() { ++died; }

    [[nodiscard]] std::string const& text() const { return text_; }

    static inline int born = 0;
    static inline int died = 0;

private:
    std::string text_;
};

/// Longer than what std::string keeps inside itself.
std::string const long_text(64, 'x');

struct Aggregate {
    Counted first;
    Counted second;
    int number = 0;
};

/// Lets the event loop turn, so that temporaries must survive a real suspension.
Task<> turn() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

Task<std::size_t> size_of(Aggregate aggregate) {
    co_await turn();
    co_return aggregate.first.text().size() + aggregate.second.text().size();
}

Task<std::size_t> size_of_reference(Aggregate const& aggregate) {
    co_await turn();
    co_return aggregate.first.text().size() + aggregate.second.text().size();
}

Task<Counted> make(std::string text) {
    co_await turn();
    co_return Counted{std::move(text)};
}

Task<bool> is_long(Counted counted) {
    co_await turn();
    co_return counted.text().size() == long_text.size();
}

Task<std::size_t> total(std::initializer_list<std::string> texts) {
    std::size_t sum = 0;
    for (std::string const& text : texts) {
        co_await turn();
        sum += text.size();
    }
    co_return sum;
}

Task<std::size_t> total_of(std::vector<Counted> all) {
    co_await turn();
    std::size_t sum = 0;
    for (Counted const& each : all) sum += each.text().size();
    co_return sum;
}

template <typename Function>
Task<std::size_t> call(Function function) {
    co_await turn();
    std::size_t const result = function();
    co_await turn();
    co_return result;
}

/// The shape's result, and a check that everything constructed in it was destroyed once.
std::size_t run_counted(Task<std::size_t> (*shape)()) {
    Counted::born = 0;
    Counted::died = 0;
    std::size_t result = 0;
    {
        asio::io_context io{1};
        result = test::run(io, shape());
    }
    CHECK(Counted::born > 0);
    CHECK(Counted::born == Counted::died);
    return result;
}

// The shapes are free coroutines: a lambda coroutine would be one shape more in each of them.

Task<std::size_t> temporary_aggregate() {
    co_return co_await size_of(Aggregate{Counted{long_text}, Counted{long_text}, 1});
}

Task<std::size_t> temporary_aggregate_by_reference() {
    std::size_t const size =
        co_await size_of_reference({.first = Counted{long_text}, .second = Counted{long_text}});
    co_return size;
}

Task<std::size_t> await_inside_braces() {
    Aggregate const aggregate{co_await make(long_text), co_await make(long_text), 2};
    co_return aggregate.first.text().size() + aggregate.second.text().size();
}

Task<std::size_t> await_inside_conditional() {
    Counted const one = long_text.empty() ? co_await make("") : co_await make(long_text);
    Counted const two = long_text.size() == 64 ? Counted{long_text} : co_await make("");
    co_return one.text().size() + two.text().size();
}

Task<std::size_t> await_in_compound_condition() {
    std::size_t taken = 0;
    if (co_await is_long(Counted{long_text}) && co_await is_long(Counted{long_text})) ++taken;
    if (co_await is_long(Counted{"short"}) || co_await is_long(Counted{long_text})) ++taken;
    if (co_await is_long(Counted{"short"}) && co_await is_long(Counted{long_text})) ++taken;
    if (auto const made = co_await make(long_text); made.text() == long_text) ++taken;
    while (taken < 4 && co_await is_long(Counted{long_text})) ++taken;
    co_return taken;
}

Task<std::size_t> capturing_lambda_as_argument() {
    Counted const captured{long_text};
    co_return co_await call([captured, also = Counted{long_text}] {
        return captured.text().size() + also.text().size();
    });
}

Task<std::size_t> capturing_lambda_in_a_function_object() {
    Counted const captured{long_text};
    co_return co_await call(std::function<std::size_t()>{[captured] {
        return 2 * captured.text().size();
    }});
}

Task<std::size_t> initializer_list_as_argument() {
    Counted const counted{long_text};
    co_return co_await total({counted.text(), std::string(64, 'y')});
}

Task<std::size_t> initializer_list_of_awaited() {
    std::vector<Counted> const all{co_await make(long_text), co_await make(long_text)};
    co_return co_await total_of({all.front(), all.back()});
}

Task<std::size_t> awaited_as_argument() {
    co_return co_await size_of({co_await make(long_text), co_await make(long_text), 0});
}

Task<std::size_t> temporary_kept_over_two_awaits() {
    co_return Counted{long_text}.text().size() + co_await size_of({Counted{""}, Counted{""}, 0}) +
        (co_await make(long_text)).text().size();
}

Task<std::size_t> exception_with_temporaries() {
    auto const fail = [](Counted) -> Task<std::size_t> {
        co_await turn();
        throw std::runtime_error{"expected"};
    };
    bool caught = false;
    try {
        co_await size_of({Counted{long_text}, Counted{long_text}, co_await is_long(Counted{""})});
        co_await fail(Counted{long_text});
    } catch (std::runtime_error const&) {
        caught = true;
    }
    co_return caught ? 128U : 0U;
}

Task<std::vector<Counted>> make_two() {
    std::vector<Counted> both;
    both.push_back(co_await make(long_text));
    both.push_back(co_await make(long_text));
    co_return both;
}

Task<std::size_t> range_for_over_awaited() {
    std::size_t sum = 0;
    for (Counted const& each : co_await make_two()) {
        co_await turn();
        sum += each.text().size();
    }
    co_return sum;
}

}  // namespace

TEST_CASE("a temporary aggregate that is an argument of an awaited call ends once") {
    CHECK(run_counted(temporary_aggregate) == 128);
    CHECK(run_counted(temporary_aggregate_by_reference) == 128);
}

TEST_CASE("co_await inside braces and inside a conditional expression") {
    CHECK(run_counted(await_inside_braces) == 128);
    CHECK(run_counted(await_inside_conditional) == 128);
    CHECK(run_counted(awaited_as_argument) == 128);
}

TEST_CASE("co_await in a compound condition") {
    CHECK(run_counted(await_in_compound_condition) == 4);
}

TEST_CASE("a lambda that captures by value and is the argument of an awaited call ends once") {
    CHECK(run_counted(capturing_lambda_as_argument) == 128);
    CHECK(run_counted(capturing_lambda_in_a_function_object) == 128);
}

TEST_CASE("an initializer list inside an awaited call") {
    CHECK(run_counted(initializer_list_as_argument) == 128);
    CHECK(run_counted(initializer_list_of_awaited) == 128);
}

TEST_CASE("temporaries live to the end of the full expression, over several suspensions") {
    CHECK(run_counted(temporary_kept_over_two_awaits) == 128);
    CHECK(run_counted(range_for_over_awaited) == 128);
}

TEST_CASE("an exception through awaited calls destroys what they were given once") {
    CHECK(run_counted(exception_with_temporaries) == 128);
}

}  // namespace showrunner
