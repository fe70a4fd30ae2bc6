// Signing in, staying signed in and being recognised.
//
// An access token (15 minutes by default) names a user and a session. The session's refresh token
// rotates at every use; an old one that comes back ends the session. A session that ended is known
// to every node at once (through the ledger), so its access tokens stop working before they expire.
#pragma once

#include "auth/passwords.hpp"
#include "auth/principal.hpp"
#include "auth/store.hpp"
#include "auth/throttle.hpp"
#include "auth/token.hpp"
#include "base/metrics.hpp"
#include "events/stream.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace showrunner::auth {

struct SignedIn {
    std::string access_token;
    int expires_in = 0;  ///< seconds
    User user;
    std::string refresh_token;  ///< for the HttpOnly cookie
    std::string csrf_token;     ///< for the readable cookie
};

class Accounts {
public:
    static constexpr std::chrono::days session_lifetime{30};

    Accounts(
        db::Pool& pool,
        Clock const& clock,
        std::string secret,
        std::chrono::seconds access_lifetime,
        metrics::Registry& registry
    );

    /// Loads what other nodes and earlier runs revoked. Before serving.
    Task<> start();

    /// Throws Error INVALID_CREDENTIALS (the same, after the same time, whether or not the user
    /// exists) or TOO_MANY_ATTEMPTS with the wait.
    Task<SignedIn> login(std::string email, std::string password, events::Actor actor);

    /// Throws Error SESSION_ENDED, or CSRF when the header doesn't belong to the cookie.
    Task<SignedIn> refresh(std::string refresh_token, std::string csrf, events::Actor actor);

    /// Ends the session that the access token or the refresh cookie belongs to.
    Task<> logout(std::string session_id, events::Actor actor);
    [[nodiscard]] std::string session_of_refresh_token(
        std::string_view token, std::string_view csrf
    ) const;

    /// Of a person. Throws Error{Code::unauthenticated}, or forbidden for an API token.
    Task<Principal> authenticate(std::string_view access_token);

    Task<User> create(
        std::string email, std::string name, Role role, std::string password, events::Actor actor
    );
    Task<User> change_password(
        Principal principal, std::string current, std::string fresh, events::Actor actor
    );
    Task<User> change(std::string user_id, UserChange change, events::Actor actor);

    /// Keeps the caches true: users that changed, sessions that ended.
    void apply(std::vector<events::EventPtr> const& events);

    [[nodiscard]] TokenSigner const& signer() const { return signer_; }

private:
    static constexpr std::size_t cached_users_max = 20'000;
    static constexpr std::size_t verified_tokens_max = 20'000;

    struct TextHash {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    Task<SignedIn> open_session(User user, events::Actor actor);
    [[nodiscard]] SignedIn grant(
        User user, std::string const& session_id, std::string refresh_token
    ) const;
    Task<std::shared_ptr<User const>> cached_user(std::string id);
    /// The claims of a token whose signature is ours; throws Error{Code::unauthenticated}.
    Claims const& verified(std::string_view access_token);
    void revoke(std::string const& session_id);

    db::Pool& pool_;
    Clock const& clock_;
    TokenSigner signer_;
    std::chrono::seconds access_lifetime_;
    Passwords passwords_;
    Throttle by_account_;
    Throttle by_address_;
    std::unordered_map<std::string, std::shared_ptr<User const>> users_;
    std::uint64_t users_generation_ = 0;  ///< a look-up that began before a change is not cached
    /// Tokens that were checked before: the signature is verified once (69k of the 266k
    /// instructions of a POST), expiry and revocation are looked at in every use.
    std::unordered_map<std::string, Claims, TextHash, std::equal_to<>> verified_;
    std::unordered_map<std::string, Time> revoked_;  ///< until its last access token has expired
    metrics::Counter& logins_;
    metrics::Counter& login_failures_;
    metrics::Counter& throttled_;
};

/// Throws Error{Code::invalid} for a password that is too short or too long.
void check_password(std::string_view password, std::string const& field);

}  // namespace showrunner::auth
