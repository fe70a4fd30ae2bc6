#include "auth/accounts.hpp"

#include "auth/api_tokens.hpp"
#include "auth/events.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace showrunner::auth {

namespace {

constexpr metrics::Spec logins_total{
    "showrunner_logins_total", metrics::Kind::counter, "Sign-ins by outcome.", "outcome"
};

/// `<session id>.<secret>`: any token that a session ever had names the session.
constexpr std::size_t session_id_length = 36;

Error unauthenticated(std::string_view token, std::string const& detail) {
    return Error{Code::unauthenticated, token, detail};
}

std::string account_key(std::string_view email) {
    return sha256_hex(to_lower(email));
}

}  // namespace

void check_password(std::string_view password, std::string const& field) {
    if (password.size() < Passwords::length_min) {
        throw invalid_field(
            field,
            "TOO_SHORT",
            fmt::format("must have at least {} characters", Passwords::length_min)
        );
    }
    if (password.size() > Passwords::length_max) {
        throw invalid_field(
            field, "TOO_LONG", fmt::format("must have at most {} characters", Passwords::length_max)
        );
    }
}

Accounts::Accounts(
    db::Pool& pool,
    Clock const& clock,
    std::string secret,
    std::chrono::seconds access_lifetime,
    metrics::Registry& registry
)
    : pool_{pool},
      clock_{clock},
      signer_{secret},
      access_lifetime_{access_lifetime},
      by_account_{{.free_failures = 5}},
      by_address_{{.free_failures = 30}},
      logins_{registry.counter(logins_total, "signed_in")},
      login_failures_{registry.counter(logins_total, "failed")},
      throttled_{registry.counter(logins_total, "throttled")} {}

Task<> Accounts::start() {
    auto const ids = co_await revoked_since(pool_, clock_.now() - access_lifetime_);
    for (std::string const& id : ids) revoke(id);
}

void Accounts::revoke(std::string const& session_id) {
    Time const now = clock_.now();
    std::erase_if(revoked_, [&](auto const& entry) { return entry.second <= now; });
    revoked_[session_id] = now + access_lifetime_;
}

Task<SignedIn> Accounts::login(std::string email, std::string password, events::Actor actor) {
    Time const now = clock_.now();
    std::string const key = account_key(email);
    auto const wait = std::max(by_account_.wait(key, now), by_address_.wait(actor.ip, now));
    if (wait.count() > 0) {
        throttled_.add();
        Error error{
            Code::too_many,
            "TOO_MANY_ATTEMPTS",
            "Too many failed attempts. Wait before you try again."
        };
        error.retry_after_s = static_cast<unsigned>(wait.count());
        throw error;
    }
    auto const found = co_await find_user_by_email(pool_, email);
    bool const may = found && found->user.active;
    bool const same =
        co_await passwords_.verify(std::move(password), may ? found->password_hash : "");
    if (!same) {
        by_account_.failed(key, clock_.now());
        by_address_.failed(actor.ip, clock_.now());
        login_failures_.add();
        // Recorded either way: an answer that takes longer would tell which accounts exist.
        std::optional<std::string> const user_id =
            found ? std::optional{found->user.id} : std::nullopt;
        co_await record_login_failure(pool_, user_id, actor, clock_.now());
        throw unauthenticated(
            "INVALID_CREDENTIALS", "The e-mail address or the password is wrong."
        );
    }
    by_account_.succeeded(key);
    logins_.add();
    actor.user_id = found->user.id;
    actor.name = found->user.name;
    co_return co_await open_session(found->user, std::move(actor));
}

SignedIn Accounts::grant(User user, std::string const& session_id, std::string refresh_token)
    const {
    Time const now = clock_.now();
    SignedIn result;
    result.access_token = signer_.sign({user.id, session_id, now, now + access_lifetime_});
    result.expires_in = static_cast<int>(access_lifetime_.count());
    result.user = std::move(user);
    result.refresh_token = std::move(refresh_token);
    result.csrf_token = signer_.seal("csrf", session_id);
    return result;
}

Task<SignedIn> Accounts::open_session(User user, events::Actor actor) {
    Session session{new_id(), user.id, {}, true};
    std::string token = session.id + "." + random_token(32);
    session.refresh_hash = sha256_hex(token);
    Time const now = clock_.now();
    co_await create_session(pool_, session, now, now + session_lifetime, actor);
    co_return grant(std::move(user), session.id, std::move(token));
}

std::string Accounts::session_of_refresh_token(std::string_view token, std::string_view csrf)
    const {
    std::string const id{token.substr(0, session_id_length)};
    if (!is_id(id)) throw unauthenticated("NO_SESSION", "You are not signed in.");
    if (!equal_secrets(csrf, signer_.seal("csrf", id))) {
        throw Error{Code::forbidden, "CSRF", "The X-CSRF-Token header is missing or wrong."};
    }
    return id;
}

Task<SignedIn> Accounts::refresh(std::string refresh_token, std::string csrf, events::Actor actor) {
    std::string const id = session_of_refresh_token(refresh_token, csrf);
    std::string fresh = id + "." + random_token(32);
    Time const now = clock_.now();
    auto const user_id = co_await rotate_session(
        pool_, id, sha256_hex(refresh_token), sha256_hex(fresh), now, now + session_lifetime
    );
    if (!user_id) {
        auto const session = co_await find_session(pool_, id);
        if (session && session->live) {
            // The token was good once: it has been copied, or its holder has. Neither may go on.
            actor.user_id = session->user_id;
            bool const ended = co_await end_session(
                pool_, *session, "an old refresh token was used again", actor, now
            );
            if (ended) revoke(id);
        }
        throw unauthenticated("SESSION_ENDED", "Your session has ended. Sign in again.");
    }
    auto const user = co_await cached_user(*user_id);
    if (!user || !user->active) {
        throw unauthenticated("SESSION_ENDED", "Your account is not active.");
    }
    co_return grant(*user, id, std::move(fresh));
}

Task<> Accounts::logout(std::string session_id, events::Actor actor) {
    auto const session = co_await find_session(pool_, session_id);
    if (!session) co_return;
    co_await end_session(pool_, *session, "signed out", std::move(actor), clock_.now());
    revoke(session_id);
}

Task<std::shared_ptr<User const>> Accounts::cached_user(std::string id) {
    auto const cached = users_.find(id);
    if (cached != users_.end()) co_return cached->second;
    std::uint64_t const generation = users_generation_;
    auto found = co_await find_user(pool_, id);
    if (!found) co_return nullptr;
    auto user = std::make_shared<User const>(std::move(*found));
    if (users_.size() >= cached_users_max) users_.clear();
    if (generation == users_generation_) users_[id] = user;
    co_return user;
}

Claims const& Accounts::verified(std::string_view access_token) {
    auto const known = verified_.find(access_token);
    bool const fresh = known != verified_.end() && known->second.expires_at > clock_.now();
    if (fresh) return known->second;
    Checked checked = signer_.check(access_token, clock_.now());
    if (checked.fault == TokenFault::expired) {
        if (known != verified_.end()) verified_.erase(known);
        throw unauthenticated("TOKEN_EXPIRED", "The access token has expired.");
    }
    if (checked.fault != TokenFault::none) {
        throw unauthenticated("INVALID_TOKEN", "The access token is not valid.");
    }
    if (verified_.size() >= verified_tokens_max) verified_.clear();
    return verified_.emplace(access_token, std::move(checked.claims)).first->second;
}

Task<Principal> Accounts::authenticate(std::string_view access_token) {
    if (is_api_token(access_token)) {
        throw Error{Code::forbidden, "TOKEN_SCOPE", "An API token cannot be used here."};
    }
    Claims const claims = verified(access_token);
    auto const user = co_await cached_user(claims.user_id);
    if (!user || !user->active || revoked_.contains(claims.session_id)) {
        throw unauthenticated("SESSION_ENDED", "Your session has ended. Sign in again.");
    }
    co_return Principal{user->id, user->name, user->role, claims.session_id, claims.expires_at};
}

Task<User> Accounts::create(
    std::string email, std::string name, Role role, std::string password, events::Actor actor
) {
    check_password(password, "password");
    std::string hash = co_await passwords_.hash(std::move(password));
    NewUser user{std::move(email), std::move(name), role, std::move(hash)};
    co_return co_await create_user(pool_, std::move(user), std::move(actor), clock_.now());
}

Task<User> Accounts::change(std::string user_id, UserChange change, events::Actor actor) {
    auto const user =
        co_await change_user(pool_, user_id, std::move(change), std::move(actor), clock_.now());
    if (!user) throw Error{Code::not_found, "There is no such user."};
    ++users_generation_;
    users_.erase(user_id);
    co_return *user;
}

Task<User> Accounts::change_password(
    Principal principal, std::string current, std::string fresh, events::Actor actor
) {
    check_password(fresh, "password");
    Time const now = clock_.now();
    auto const wait = by_account_.wait(principal.user_id, now);
    if (wait.count() > 0) {
        Error error{
            Code::too_many,
            "TOO_MANY_ATTEMPTS",
            "Too many failed attempts. Wait before you try again."
        };
        error.retry_after_s = static_cast<unsigned>(wait.count());
        throw error;
    }
    auto const user = co_await find_user(pool_, principal.user_id);
    if (!user) throw Error{Code::not_found, "There is no such user."};
    auto const found = co_await find_user_by_email(pool_, user->email);
    bool const same =
        co_await passwords_.verify(std::move(current), found ? found->password_hash : "");
    if (!same) {
        by_account_.failed(principal.user_id, now);
        throw invalid_field("current_password", "WRONG_PASSWORD", "is not your current password");
    }
    UserChange change;
    change.password_hash = co_await passwords_.hash(std::move(fresh));
    User const changed = co_await this->change(principal.user_id, std::move(change), actor);
    auto const ended = co_await end_sessions(
        pool_, principal.user_id, principal.session_id, "the password was changed", actor, now
    );
    for (std::string const& id : ended) revoke(id);
    co_return changed;
}

void Accounts::apply(std::vector<events::EventPtr> const& events) {
    for (events::EventPtr const& event : events) {
        if (event->type == UserUpdated::spec.name && event->resource_id) {
            ++users_generation_;
            users_.erase(*event->resource_id);
        } else if (event->type == SessionEnded::spec.name) {
            boost::json::value const payload = json::parse_value(event->payload);
            revoke(std::string{payload.at("sessionId").as_string()});
        }
    }
}

}  // namespace showrunner::auth
