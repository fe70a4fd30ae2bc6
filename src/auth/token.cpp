#include "auth/token.hpp"

#include "base/id.hpp"
#include "base/json.hpp"

#include <sodium.h>

#include <stdexcept>

namespace showrunner::auth {

namespace {

constexpr std::string_view issuer = "showrunner";
constexpr std::string_view audience = "showrunner-api";
constexpr std::size_t token_bytes_max = 4096;

std::string hmac(std::string_view key, std::string_view message) {
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

std::int64_t seconds(Time time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// A member of a JSON object as text, or empty.
std::string_view text_of(boost::json::object const& object, std::string_view name) {
    boost::json::value const* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view{value->get_string()}
                                                  : std::string_view{};
}

std::optional<Time> time_of(boost::json::object const& object, std::string_view name) {
    boost::json::value const* value = object.if_contains(name);
    if (value == nullptr || !value->is_int64()) return {};
    std::int64_t const at = value->get_int64();
    if (at < 0 || at > 253'402'300'799) return {};  // The year 9999.
    return Time{std::chrono::seconds{at}};
}

std::optional<boost::json::object> decode_object(std::string_view part) {
    auto const text = from_base64url(part);
    if (!text) return {};
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(*text, error);
    if (error || !value.is_object()) return {};
    return std::move(value.get_object());
}

}  // namespace

std::string base64url(std::string_view bytes) {
    constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(
        text.data(),
        text.size(),
        reinterpret_cast<unsigned char const*>(bytes.data()),
        bytes.size(),
        variant
    );
    text.pop_back();  // The terminating zero.
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    std::string bytes(text.size(), '\0');
    std::size_t size = 0;
    char const* end = nullptr;
    int const failed = sodium_base642bin(
        reinterpret_cast<unsigned char*>(bytes.data()),
        bytes.size(),
        text.data(),
        text.size(),
        nullptr,
        &size,
        &end,
        sodium_base64_VARIANT_URLSAFE_NO_PADDING
    );
    if (failed != 0 || end != text.data() + text.size()) return {};
    bytes.resize(size);
    return bytes;
}

TokenSigner::TokenSigner(std::string_view secret)
    : token_key_{hmac(secret, "access-token")}, seal_key_{hmac(secret, "seal")} {
    if (secret.size() < 32)
        throw std::runtime_error{"the server's secret is shorter than 32 bytes"};
}

std::string TokenSigner::sign(Claims const& claims) const {
    std::string body = R"({"iss":)";
    json::write(body, issuer);
    body += R"(,"aud":)";
    json::write(body, audience);
    body += R"(,"sub":)";
    json::write(body, claims.user_id);
    body += R"(,"sid":)";
    json::write(body, claims.session_id);
    body += fmt::format(
        R"(,"iat":{},"exp":{}}})", seconds(claims.issued_at), seconds(claims.expires_at)
    );
    std::string token = base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(body);
    token += "." + base64url(hmac(token_key_, token));
    return token;
}

Checked TokenSigner::check(std::string_view token, Time now) const {
    Checked checked;
    if (token.size() > token_bytes_max) return checked;
    auto const first = token.find('.');
    auto const last = token.rfind('.');
    if (first == std::string_view::npos || last == first) return checked;
    auto const header = decode_object(token.substr(0, first));
    if (!header) return checked;
    // The algorithm is ours to choose, never the token's; nor do we know any extension.
    if (text_of(*header, "alg") != "HS256" || header->contains("crit")) {
        checked.fault = TokenFault::algorithm;
        return checked;
    }
    auto const signature = from_base64url(token.substr(last + 1));
    if (!signature || !equal_secrets(*signature, hmac(token_key_, token.substr(0, last)))) {
        checked.fault = TokenFault::signature;
        return checked;
    }
    auto const body = decode_object(token.substr(first + 1, last - first - 1));
    if (!body) return checked;
    auto const expires_at = time_of(*body, "exp");
    auto const issued_at = time_of(*body, "iat");
    checked.fault = TokenFault::claims;
    if (text_of(*body, "iss") != issuer || text_of(*body, "aud") != audience || !expires_at ||
        !issued_at || !is_id(text_of(*body, "sub")) || !is_id(text_of(*body, "sid"))) {
        return checked;
    }
    checked.claims = {
        std::string{text_of(*body, "sub")},
        std::string{text_of(*body, "sid")},
        *issued_at,
        *expires_at
    };
    checked.fault = *expires_at <= now ? TokenFault::expired : TokenFault::none;
    return checked;
}

std::string TokenSigner::seal(std::string_view purpose, std::string_view subject) const {
    std::string message{purpose};
    message += '\0';
    message += subject;
    return base64url(hmac(seal_key_, message));
}

}  // namespace showrunner::auth
