#include "auth/token.hpp"

#include "base/id.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

namespace showrunner::auth {

namespace {

std::string const secret(32, 's');
std::string const user = "01890000-0000-7000-8000-000000000001";
std::string const session = "01890000-0000-7000-8000-000000000002";
Time const now = *parse_time("2026-11-20T12:00:00Z");

std::string hmac(std::string const& key, std::string const& message) {
    std::string out(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(
        &state, reinterpret_cast<unsigned char const*>(key.data()), key.size()
    );
    crypto_auth_hmacsha256_update(
        &state, reinterpret_cast<unsigned char const*>(message.data()), message.size()
    );
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(out.data()));
    return out;
}

/// A token with any header and body, signed as the server signs.
std::string forge(std::string const& header, std::string const& body) {
    std::string token = base64url(header) + "." + base64url(body);
    return token + "." + base64url(hmac(hmac(secret, "access-token"), token));
}

std::string body_with(
    std::string const& issuer, std::string const& audience, std::string const& exp
) {
    return R"({"iss":")" + issuer + R"(","aud":")" + audience + R"(","sub":")" + user +
           R"(","sid":")" + session + R"(","iat":1700000000,"exp":)" + exp + "}";
}

}  // namespace

TEST_CASE("a signed token is accepted until it expires") {
    TokenSigner const signer{secret};
    std::string const token = signer.sign({user, session, now, now + std::chrono::minutes{15}});
    Checked const checked = signer.check(token, now);
    CHECK(checked.fault == TokenFault::none);
    CHECK(checked.claims.user_id == user);
    CHECK(checked.claims.session_id == session);
    CHECK(signer.check(token, now + std::chrono::minutes{15}).fault == TokenFault::expired);
    CHECK(TokenSigner{std::string(32, 'x')}.check(token, now).fault == TokenFault::signature);
}

TEST_CASE("tokens that are not ours are refused") {
    TokenSigner const signer{secret};
    std::string const good = R"({"alg":"HS256","typ":"JWT"})";
    std::string const later = "2000000000";
    std::string const body = body_with("showrunner", "showrunner-api", later);
    CHECK(signer.check(forge(good, body), now).fault == TokenFault::none);

    auto const fault = [&](std::string const& header, std::string const& claims) {
        return signer.check(forge(header, claims), now).fault;
    };
    CHECK(fault(R"({"alg":"none"})", body) == TokenFault::algorithm);
    CHECK(fault(R"({"alg":"None"})", body) == TokenFault::algorithm);
    CHECK(fault(R"({"alg":"RS256"})", body) == TokenFault::algorithm);
    CHECK(fault(R"({"alg":"HS512"})", body) == TokenFault::algorithm);
    CHECK(fault(R"({"typ":"JWT"})", body) == TokenFault::algorithm);
    CHECK(fault(R"({"alg":"HS256","crit":["exp"]})", body) == TokenFault::algorithm);
    CHECK(fault(good, body_with("other", "showrunner-api", later)) == TokenFault::claims);
    CHECK(fault(good, body_with("showrunner", "other", later)) == TokenFault::claims);
    CHECK(fault(good, body_with("showrunner", "showrunner-api", "1")) == TokenFault::expired);
    CHECK(
        fault(good, body_with("showrunner", "showrunner-api", "\"2000000000\"")) ==
        TokenFault::claims
    );
    CHECK(fault(good, "[]") == TokenFault::malformed);

    std::string const token = forge(good, body);
    std::string const unsigned_token = token.substr(0, token.rfind('.') + 1);
    CHECK(signer.check(unsigned_token, now).fault == TokenFault::signature);
    CHECK(signer.check(token + "A", now).fault == TokenFault::signature);
    for (std::string const& text :
         {std::string{},
          std::string{"a"},
          std::string{"a.b"},
          std::string{"a.b.c"},
          std::string(5000, 'a')}) {
        CHECK(signer.check(text, now).fault == TokenFault::malformed);
    }
}

}  // namespace showrunner::auth
