// Links to a file's content that need no token: made for who may see it, valid for a while, and for
// nothing else.
#pragma once

#include "api/services.hpp"
#include "files/content.hpp"

#include <boost/describe.hpp>

#include <optional>
#include <string>

namespace showrunner::files {

struct Link {
    std::string url;  ///< from this server's root, or the store's own
    Time expires_at;
};
BOOST_DESCRIBE_STRUCT(Link, (), (url, expires_at))

[[nodiscard]] Link make_link(
    api::Services const& services,
    Stored const& stored,
    Disposition wanted,
    std::chrono::seconds ttl
);

struct SignedLink {
    static constexpr std::array rules{
        json::Rule{.field = "expires", .min = 0, .max = INT64_MAX},
        json::Rule{.field = "disposition", .max = 20},
        json::Rule{.field = "signature", .max = 100},
    };
    std::optional<std::int64_t> expires;
    std::optional<std::string> disposition;
    std::optional<std::string> signature;
};
BOOST_DESCRIBE_STRUCT(SignedLink, (), (expires, disposition, signature))

/// What the link allows. Throws Error: forbidden LINK_INVALID, gone LINK_EXPIRED.
[[nodiscard]] Disposition check_link(
    api::Services const& services, std::string const& file_id, SignedLink const& link
);

}  // namespace showrunner::files
