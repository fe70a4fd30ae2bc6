#include "realtime/pass.hpp"

#include "base/id.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace showrunner::realtime {

namespace {

constexpr std::string_view purpose = "realtime-pass";

/// Takes the text up to the next '~' off the front.
std::string_view take(std::string_view& text) {
    auto const end = text.find('~');
    std::string_view const part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return part;
}

}  // namespace

std::string seal(auth::TokenSigner const& signer, Pass const& pass) {
    std::string const content = fmt::format(
        "{}~{}~{}~{}",
        pass.sid,
        pass.user_id,
        events::to_text(pass.joined_at),
        pass.issued_at.time_since_epoch().count()
    );
    return content + "~" + signer.seal(purpose, content);
}

std::optional<Pass> open(auth::TokenSigner const& signer, std::string_view text) {
    auto const last = text.rfind('~');
    if (text.size() > 512 || last == std::string_view::npos) return {};
    std::string_view content = text.substr(0, last);
    if (!equal_secrets(text.substr(last + 1), signer.seal(purpose, content))) return {};
    Pass pass;
    pass.sid = take(content);
    pass.user_id = take(content);
    auto const offset = events::parse_offset(take(content));
    std::int64_t issued = 0;
    auto const [end, error] =
        std::from_chars(content.data(), content.data() + content.size(), issued);
    if (!offset || error != std::errc{}) return {};
    pass.joined_at = *offset;
    pass.issued_at = Time{std::chrono::milliseconds{issued}};
    return pass;
}

}  // namespace showrunner::realtime
