#include "aws/sigv4.hpp"

#include "aws/uri.hpp"
#include "base/id.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

namespace showrunner::aws {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

using Digest = std::array<unsigned char, crypto_auth_hmacsha256_BYTES>;

Digest hmac(std::string_view key, std::string_view text) {
    auto const bytes = [](std::string_view from) {
        return reinterpret_cast<unsigned char const*>(from.data());
    };
    Digest digest{};
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes(text), text.size());
    crypto_auth_hmacsha256_final(&state, digest.data());
    return digest;
}

std::string_view view(Digest const& digest) {
    return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

std::string hex(Digest const& digest) {
    std::array<char, 2 * std::tuple_size_v<Digest> + 1> text{};
    sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
    return text.data();
}

/// `20150830T123600Z`
std::string stamp_of(Time now) {
    std::string text;
    for (char const c : to_rfc3339(now)) {
        if (c == '.') break;
        if (c != '-' && c != ':') text += c;
    }
    return text + 'Z';
}

bool is_s3(Scope const& scope) {
    return scope.service == "s3";
}

/// Without empty and `.` segments, and with `..` resolved.
std::string normalise(std::string_view path) {
    std::vector<std::string_view> kept;
    std::string_view last;
    for (std::size_t at = 0; at <= path.size();) {
        std::size_t const end = std::min(path.find('/', at), path.size());
        last = path.substr(at, end - at);
        if (last == "..") {
            if (!kept.empty()) kept.pop_back();
        } else if (!last.empty() && last != ".") {
            kept.push_back(last);
        }
        at = end + 1;
    }
    std::string out;
    for (std::string_view const segment : kept)
        fmt::format_to(std::back_inserter(out), "/{}", segment);
    bool const folder = last.empty() || last == "." || last == "..";
    if (out.empty() || folder) out += '/';
    return out;
}

std::string canonical_path(std::string_view path, Scope const& scope) {
    if (is_s3(scope)) return percent_encode(percent_decode(path), Slash::keep);
    return percent_encode(normalise(path), Slash::keep);
}

std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    for (std::size_t at = 0; at < query.size();) {
        std::size_t const end = std::min(query.find('&', at), query.size());
        std::string_view const each = query.substr(at, end - at);
        std::size_t const equals = std::min(each.find('='), each.size());
        std::string_view const value = equals < each.size() ? each.substr(equals + 1) : "";
        if (!each.empty()) {
            parameters.emplace_back(
                percent_encode(percent_decode(each.substr(0, equals))),
                percent_encode(percent_decode(value))
            );
        }
        at = end + 1;
    }
    std::ranges::sort(parameters);
    std::string out;
    for (auto const& [name, value] : parameters) {
        if (!out.empty()) out += '&';
        out += name;
        out += '=';
        out += value;
    }
    return out;
}

/// Without spaces at its ends, and with one where several are.
std::string folded(std::string_view value) {
    std::string out;
    for (char const c : value) {
        char const plain = c == '\t' ? ' ' : c;
        if (plain != ' ' || (!out.empty() && out.back() != ' ')) out += plain;
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

struct CanonicalHeaders {
    std::string text;   ///< `host:example.com\n…`
    std::string names;  ///< `host;x-amz-date`
};

CanonicalHeaders canonical_headers(client::Headers const& headers, std::string_view host) {
    std::map<std::string, std::string> sorted;
    for (auto const& [name, value] : headers) {
        auto const [at, fresh] = sorted.try_emplace(to_lower(name));
        if (!fresh) at->second += ',';
        at->second += folded(value);
    }
    sorted.try_emplace("host", host);
    CanonicalHeaders out;
    for (auto const& [name, value] : sorted) {
        out.text += name;
        out.text += ':';
        out.text += value;
        out.text += '\n';
        if (!out.names.empty()) out.names += ';';
        out.names += name;
    }
    return out;
}

/// The day and place of a signature, as the key is derived from it.
std::string scope_text(Scope const& scope, std::string_view stamp) {
    return fmt::format("{}/{}/{}/aws4_request", stamp.substr(0, 8), scope.region, scope.service);
}

std::string signature_of(
    std::string_view canonical_request,
    Credentials const& credentials,
    Scope const& scope,
    std::string_view stamp
) {
    std::string const to_sign = fmt::format(
        "{}\n{}\n{}\n{}", algorithm, stamp, scope_text(scope, stamp), sha256_hex(canonical_request)
    );
    Digest key = hmac("AWS4" + credentials.secret_access_key, stamp.substr(0, 8));
    for (std::string_view const step :
         {std::string_view{scope.region},
          std::string_view{scope.service},
          std::string_view{"aws4_request"}}) {
        key = hmac(view(key), step);
    }
    return hex(hmac(view(key), to_sign));
}

void replace_header(client::Headers& headers, std::string_view name, std::string value) {
    std::erase_if(headers, [&](auto const& header) {
        return same_without_case(header.first, name);
    });
    headers.emplace_back(name, std::move(value));
}

}  // namespace

void sign(
    client::Request& request,
    Credentials const& credentials,
    Scope const& scope,
    Time now,
    Payload payload
) {
    std::string const body_hash =
        payload == Payload::covered ? sha256_hex(request.content()) : std::string{unsigned_payload};
    sign_hashed(request, credentials, scope, now, body_hash);
}

void sign_hashed(
    client::Request& request,
    Credentials const& credentials,
    Scope const& scope,
    Time now,
    std::string_view body_hash
) {
    std::string const stamp = stamp_of(now);
    std::erase_if(request.headers, [](auto const& header) {
        return same_without_case(header.first, "Authorization");  // Of an earlier attempt.
    });
    replace_header(request.headers, "X-Amz-Date", stamp);
    if (!credentials.session_token.empty()) {
        replace_header(request.headers, "X-Amz-Security-Token", credentials.session_token);
    }
    if (is_s3(scope) || body_hash == unsigned_payload) {
        replace_header(request.headers, "X-Amz-Content-Sha256", std::string{body_hash});
    }

    UrlParts const url = split_url(request.url);
    CanonicalHeaders const headers = canonical_headers(request.headers, url.host);
    std::string const canonical = fmt::format(
        "{}\n{}\n{}\n{}\n{}\n{}",
        request.method,
        canonical_path(url.path, scope),
        canonical_query(url.query),
        headers.text,
        headers.names,
        body_hash
    );
    request.headers.emplace_back(
        "Authorization",
        fmt::format(
            "{} Credential={}/{}, SignedHeaders={}, Signature={}",
            algorithm,
            credentials.access_key_id,
            scope_text(scope, stamp),
            headers.names,
            signature_of(canonical, credentials, scope, stamp)
        )
    );
}

std::string presign(
    Presigned const& request, Credentials const& credentials, Scope const& scope, Time now
) {
    std::string const stamp = stamp_of(now);
    UrlParts const url = split_url(request.url);
    CanonicalHeaders const headers = canonical_headers(request.headers, url.host);
    std::string query = fmt::format(
        "{}&X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}"
        "&X-Amz-SignedHeaders={}",
        url.query,
        algorithm,
        percent_encode(credentials.access_key_id + '/' + scope_text(scope, stamp)),
        stamp,
        request.expires.count(),
        percent_encode(headers.names)
    );
    if (!credentials.session_token.empty()) {
        query += "&X-Amz-Security-Token=" + percent_encode(credentials.session_token);
    }
    std::string const sorted = canonical_query(query);
    std::string const canonical = fmt::format(
        "{}\n{}\n{}\n{}\n{}\n{}",
        request.method,
        canonical_path(url.path, scope),
        sorted,
        headers.text,
        headers.names,
        is_s3(scope) ? std::string{unsigned_payload} : sha256_hex({})
    );
    return fmt::format(
        "{}{}?{}&X-Amz-Signature={}",
        url.base,
        url.path,
        sorted,
        signature_of(canonical, credentials, scope, stamp)
    );
}

}  // namespace showrunner::aws
