// A named statement and its parameters. Every statement the product runs is a Query constant
// beside the function that runs it; the name labels metrics and the prepared statement.
#pragma once

#include "base/clock.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::db {

/// How a statement outside a transaction shares connections (measured: docs/benchmarks.md).
enum class Lane : std::uint8_t {
    read,    ///< point look-up: pipelined on a shared connection, its own Sync
    scan,    ///< list or search: a connection to itself, so that nobody waits behind it
    insert,  ///< only inserts of fresh rows: whatever is queued shares one Sync, so one fsync
    change,  ///< any other write: a connection to itself, its own Sync
};

struct Query {
    std::string name;  ///< snake_case, unique in the program
    std::string text;  ///< parameters as $1, $2 …; with optional filters there may be several
    Lane lane = Lane::read;
};

/// Parameters in order, in PostgreSQL's text format; `std::nullopt` is NULL. Text with a zero
/// character, which PostgreSQL cannot store, throws Error{Code::invalid}.
class Params {
public:
    Params() = default;

    /// Params{id, title, 3, true, std::optional<int>{}}
    template <typename... Values>
        requires(
            sizeof...(Values) > 0 &&
            !(sizeof...(Values) == 1 && (std::same_as<std::remove_cvref_t<Values>, Params> && ...))
        )
    explicit Params(Values&&... values) {
        (add(std::forward<Values>(values)), ...);
    }

    Params& add(std::string_view text);

    Params& add(std::string const& text) { return add(std::string_view{text}); }

    Params& add(char const* text) { return add(std::string_view{text}); }

    Params& add(bool flag);
    Params& add(std::int64_t number);
    Params& add(std::uint64_t number);

    Params& add(std::signed_integral auto number) { return add(static_cast<std::int64_t>(number)); }

    Params& add(std::unsigned_integral auto number) {
        return add(static_cast<std::uint64_t>(number));
    }

    Params& add(double number);
    Params& add(Time time);
    Params& add(std::nullopt_t);
    Params& add(std::vector<std::string> const& texts);                 ///< text[]
    Params& add(std::vector<std::optional<std::string>> const& texts);  ///< text[] with NULLs

    template <typename Value>
    Params& add(std::optional<Value> const& value) {
        return value ? add(*value) : add(std::nullopt);
    }

    [[nodiscard]] std::size_t size() const { return starts_.size(); }

    /// Zero-terminated, as libpq wants it; nullptr for NULL. Valid until the next add().
    [[nodiscard]] char const* operator[](std::size_t index) const {
        return starts_[index] == null ? nullptr : bytes_.data() + starts_[index];
    }

private:
    static constexpr std::size_t null = static_cast<std::size_t>(-1);

    std::string bytes_;  ///< all texts, each with its zero: two allocations for any number of them
    std::vector<std::size_t> starts_;
};

}  // namespace showrunner::db
