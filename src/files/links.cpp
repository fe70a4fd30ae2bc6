#include "files/links.hpp"

#include "base/id.hpp"
#include "files/depot.hpp"

namespace showrunner::files {

namespace {

std::string_view name_of(Disposition disposition) {
    return disposition == Disposition::attachment ? "attachment" : "inline";
}

/// HMAC-SHA-256 over all that the link says. The method is part of it: a link reads.
std::string signature_of(
    api::Services const& services,
    std::string_view file_id,
    std::int64_t expires,
    std::string_view disposition
) {
    return services.accounts.signer().seal(
        "file link", fmt::format("GET {} {} {}", file_id, expires, disposition)
    );
}

}  // namespace

Link make_link(
    api::Services const& services,
    Stored const& stored,
    Disposition wanted,
    std::chrono::seconds ttl
) {
    File const& file = stored.file;
    Time const expires_at = services.clock.now() + ttl;
    auto own = services.files.store->presign_get(
        stored.key.value_or(""),
        {disposition_of(wanted, file.media_type, file.name), file.media_type, ttl}
    );
    if (own) return {std::move(*own), expires_at};
    std::int64_t const expires =
        std::chrono::ceil<std::chrono::seconds>(expires_at.time_since_epoch()).count();
    std::string_view const disposition = name_of(wanted);
    return {
        fmt::format(
            "/api/v1/files/{}/download?expires={}&disposition={}&signature={}",
            file.id,
            expires,
            disposition,
            signature_of(services, file.id, expires, disposition)
        ),
        expires_at
    };
}

Disposition check_link(
    api::Services const& services, std::string const& file_id, SignedLink const& link
) {
    if (!link.signature || !link.expires) {
        throw invalid_field("signature", "REQUIRED", "is what makes a link");
    }
    std::string const wanted =
        signature_of(services, file_id, *link.expires, link.disposition.value_or(""));
    if (!equal_secrets(*link.signature, wanted)) {
        throw Error{Code::forbidden, "LINK_INVALID", "The link was not made by this server."};
    }
    Time const expires_at{std::chrono::seconds{*link.expires}};
    if (services.clock.now() >= expires_at) {
        throw Error{Code::gone, "LINK_EXPIRED", "The link has expired: ask for another."};
    }
    return link.disposition == "attachment" ? Disposition::attachment : Disposition::automatic;
}

}  // namespace showrunner::files
