// Shows: what episodes belong to. The part that other features may use.
#pragma once

#include "api/context.hpp"
#include "base/clock.hpp"

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::shows {

/// The show that is there from the beginning: where what names none belongs.
inline constexpr std::string_view default_show = "00000000-0000-7000-8000-000000000001";

struct Show {
    std::string id;
    std::string slug;
    std::string name;
    bool requires_approval = false;
    int version = 1;
    Time created_at;
    Time updated_at;
};
BOOST_DESCRIBE_STRUCT(
    Show, (), (id, slug, name, requires_approval, version, created_at, updated_at)
)

struct CreateShow {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "name", .min = 1, .max = 200},
        json::Rule{
            .field = "slug",
            .min = 1,
            .max = 63,
            .about = "Lower-case letters, digits and dashes; made from the name when absent."
        },
    };
    std::string name;
    std::optional<std::string> slug;
    std::optional<bool> requires_approval;
};
BOOST_DESCRIBE_STRUCT(CreateShow, (), (name, slug, requires_approval))

/// The shows that the user may see, by name; at most 1,000.
Task<std::vector<Show>> list(api::Context& context);
/// Of every show.
Task<std::vector<std::string>> list_ids(db::Pool& pool);
Task<std::optional<Show>> find(api::Context& context, std::string_view id);
/// For admins. Throws Error SHOW_NAME_TAKEN or SLUG_TAKEN.
Task<Show> create(api::Context& context, CreateShow input);

/// `The Joy of Painting` → `the-joy-of-painting`
[[nodiscard]] std::string slug_of(std::string_view name);

}  // namespace showrunner::shows
