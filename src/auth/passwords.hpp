// Argon2id on threads of their own: hashing takes tens of milliseconds and must not hold up the
// event loop. Bounded: beyond the queue's limit a caller gets Error{Code::unavailable}.
#pragma once

#include "base/task.hpp"

#include <boost/asio/thread_pool.hpp>

#include <string>
#include <string_view>

namespace showrunner::auth {

class Passwords {
public:
    explicit Passwords(unsigned threads = 2);
    ~Passwords();
    Passwords(Passwords const&) = delete;
    Passwords& operator=(Passwords const&) = delete;

    Task<std::string> hash(std::string password);

    /// True when `password` is the one that `hash` was made from. An empty hash (no such user, no
    /// password) takes just as long and is false.
    Task<bool> verify(std::string password, std::string hash);

    static constexpr std::size_t length_min = 8;
    static constexpr std::size_t length_max = 256;
    static constexpr unsigned queue_max = 64;

private:
    void take_place();

    asio::thread_pool threads_;
    std::atomic<unsigned> queued_{0};
    std::string dummy_;  ///< a hash of nobody's password
};

/// The same, blocking: for command-line tools and start-up.
[[nodiscard]] std::string hash_password(std::string const& password);

}  // namespace showrunner::auth
