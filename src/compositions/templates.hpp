// What a composition can begin with: templates that come with the server, and those of a show.
#pragma once

#include "api/context.hpp"
#include "compositions/composition.hpp"

#include <boost/describe.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

inline constexpr int templates_a_show_max = 200;

struct Template {
    std::string id;  ///< a word for those that come with the server
    std::optional<std::string> show_id;
    std::string name;
    std::string about;
    bool built_in = false;
    int width = 0;
    int height = 0;
    std::vector<std::string> formats;
    std::optional<Time> created_at;
    std::optional<std::string> created_by;
    std::optional<json::Raw> document;  ///< only where one template is asked for
};
BOOST_DESCRIBE_STRUCT(
    Template,
    (),
    (id, show_id, name, about, built_in, width, height, formats, created_at, created_by, document)
)

struct ListTemplates {
    static constexpr std::array rules{json::Rule{.field = "show_id", .format = "uuid"}};
    std::optional<std::string> show_id;
};
BOOST_DESCRIBE_STRUCT(ListTemplates, (), (show_id))

struct CreateTemplate {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "composition_id", .format = "uuid", .about = "What it is made from."},
        json::Rule{.field = "name", .min = 1, .max = 200},
    };
    std::string composition_id;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(CreateTemplate, (), (composition_id, name))

/// A file of src/compositions/templates: {"name", "about", "document"}.
struct TemplateFile {
    std::string_view id;
    std::string_view text;
};

[[nodiscard]] std::vector<TemplateFile> const& embedded_templates();

[[nodiscard]] std::vector<Template> const& built_in_templates();

/// The built-in ones, then those of the shows that the user may see, by name; without documents.
Task<std::vector<Template>> list_templates(api::Context& context, ListTemplates query);

/// With its document.
Task<std::optional<Template>> find_template(api::Context& context, std::string id);

/// From a composition as it is now, for its show.
Task<Template> create_template(api::Context& context, CreateTemplate input);

Task<> remove_template(api::Context& context, std::string id);

}  // namespace showrunner::compositions
