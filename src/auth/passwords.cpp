#include "auth/passwords.hpp"

#include "base/error.hpp"
#include "base/id.hpp"
#include "base/offload.hpp"

#include <sodium.h>

#include <array>
#include <atomic>

namespace showrunner::auth {

namespace {

// OWASP's first choice for Argon2id: 19 MiB, 2 passes, about 25 ms.
constexpr unsigned long long passes = 2;
constexpr std::size_t memory_bytes = 19ULL * 1024 * 1024;

/// Gives the place in the queue back however the hashing ends.
class Place {
public:
    explicit Place(std::atomic<unsigned>& queued) : queued_{queued} {}

    ~Place() { --queued_; }

    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

private:
    std::atomic<unsigned>& queued_;
};

}  // namespace

std::string hash_password(std::string const& password) {
    if (sodium_init() < 0) throw std::runtime_error{"libsodium could not be initialised"};
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str(out.data(), password.data(), password.size(), passes, memory_bytes) !=
        0) {
        throw std::runtime_error{"not enough memory to hash a password"};
    }
    return out.data();
}

Passwords::Passwords(unsigned threads)
    : threads_{threads}, dummy_{hash_password(random_token(16))} {}

Passwords::~Passwords() {
    threads_.join();
}

void Passwords::take_place() {
    if (queued_ >= queue_max) {
        Error error{Code::unavailable, "Too many sign-ins at once. Try again in a moment."};
        error.retry_after_s = 2;
        throw error;
    }
    ++queued_;
}

Task<std::string> Passwords::hash(std::string password) {
    take_place();
    Place const place{queued_};
    co_return co_await offload(threads_, [password = std::move(password)] {
        return hash_password(password);
    });
}

Task<bool> Passwords::verify(std::string password, std::string hash) {
    take_place();
    Place const place{queued_};
    bool const known = !hash.empty();
    if (!known) hash = dummy_;
    auto verify = [password = std::move(password), hash = std::move(hash)] {
        return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
    };
    bool const same = co_await offload(threads_, std::move(verify));
    co_return known&& same;
}

}  // namespace showrunner::auth
