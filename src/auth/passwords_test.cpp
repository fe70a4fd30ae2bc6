#include "auth/passwords.hpp"

#include "base/error.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <doctest/doctest.h>

#include <memory>

namespace showrunner::auth {

namespace {

struct Attempt {
    std::shared_ptr<asio::cancellation_signal> cancel =
        std::make_shared<asio::cancellation_signal>();
    bool ended = false;
};

Task<> attempt(Passwords& passwords, std::string hash, Attempt& it) {
    bool const same = co_await passwords.verify("correct horse", std::move(hash));
    it.ended = true;
    CHECK(same);
}

}  // namespace

TEST_CASE("a password is verified, a wrong one and nobody's are not") {
    asio::io_context io;
    Passwords passwords;
    bool done = false;
    auto checks = [&]() -> Task<> {
        std::string const hash = co_await passwords.hash("correct horse");
        bool const right = co_await passwords.verify("correct horse", hash);
        bool const wrong = co_await passwords.verify("correct horst", hash);
        bool const nobodys = co_await passwords.verify("correct horse", "");
        CHECK(right);
        CHECK_FALSE(wrong);
        CHECK_FALSE(nobodys);
        done = true;
    };
    spawn(io.get_executor(), "checks", checks());
    io.run();
    CHECK(done);
}

TEST_CASE("clients that leave while their passwords are verified harm nothing") {
    asio::io_context io;
    Passwords passwords;
    std::string const hash = hash_password("correct horse");
    std::vector<Attempt> attempts(40);
    for (auto& each : attempts) {
        spawn(io.get_executor(), each.cancel, "attempt", attempt(passwords, hash, each));
    }
    // Cancelled while they wait, while they are verified, and as they end.
    asio::steady_timer timer{io};
    std::size_t next = 0;
    std::function<void()> cancel_one = [&] {
        attempts[next].cancel->emit(asio::cancellation_type::terminal);
        if (++next == attempts.size()) return;
        timer.expires_after(std::chrono::milliseconds{7});
        timer.async_wait([&](auto) { cancel_one(); });
    };
    asio::post(io, [&] { cancel_one(); });
    io.run();
    for (auto const& each : attempts) CHECK(each.ended);
}

TEST_CASE("more attempts at once than the queue takes are refused, not kept waiting") {
    asio::io_context io;
    Passwords passwords;
    unsigned refused = 0;
    unsigned verified = 0;
    auto one = [&]() -> Task<> {
        try {
            static_cast<void>(co_await passwords.verify("x", ""));
            ++verified;
        } catch (Error const& error) {
            CHECK(error.code == Code::unavailable);
            CHECK(error.retry_after_s == 2);
            ++refused;
        }
    };
    for (unsigned n = 0; n < Passwords::queue_max + 3; ++n) spawn(io.get_executor(), "one", one());
    io.run();
    CHECK(refused == 3);
    CHECK(verified == Passwords::queue_max);
}

}  // namespace showrunner::auth
