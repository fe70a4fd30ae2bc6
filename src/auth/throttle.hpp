// Slows down guessing: after a few failures a key (an account, an address) must wait, longer each
// time. In memory and bounded; the oldest keys are forgotten first.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <string>
#include <unordered_map>

namespace showrunner::auth {

class Throttle {
public:
    struct Options {
        unsigned free_failures;  ///< before the first wait
        std::chrono::seconds first_wait{1};
        std::chrono::seconds wait_max{900};
        std::chrono::seconds forget_after{900};
        std::size_t keys_max = 50'000;
    };

    explicit Throttle(Options options) : options_{options} {}

    /// How long `key` must wait before its next attempt; zero: none.
    [[nodiscard]] std::chrono::seconds wait(std::string const& key, Time now) const;
    void failed(std::string const& key, Time now);
    void succeeded(std::string const& key);

private:
    struct Record {
        unsigned failures = 0;
        Time last;
        Time blocked_until;
    };

    void make_room(Time now);

    Options options_;
    std::unordered_map<std::string, Record> records_;
};

}  // namespace showrunner::auth
