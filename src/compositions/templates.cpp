#include "compositions/templates.hpp"

#include "compositions/events.hpp"
#include "compositions/store.hpp"

#include <algorithm>

namespace showrunner::compositions {

namespace {

using db::Lane;

db::Query const page_of_templates{
    "list_composition_templates",
    "SELECT id, show_id, name, created_at, created_by, document FROM composition_templates "
    "WHERE ($1::uuid[] IS NULL OR show_id = ANY ($1)) AND ($2::uuid IS NULL OR show_id = $2) "
    "ORDER BY lower(name), id LIMIT 200",
    Lane::scan
};

db::Query const find_one{
    "find_composition_template",
    "SELECT id, show_id, name, created_at, created_by, document FROM composition_templates "
    "WHERE id = $1",
    Lane::read
};

db::Query const count_templates{
    "count_composition_templates",
    "SELECT count(*) FROM composition_templates WHERE show_id = $1",
    Lane::read
};

db::Query const insert_template{
    "insert_composition_template",
    events::appending_one(
        "INSERT INTO composition_templates (id, show_id, name, document, created_at, created_by) "
        "VALUES ($1, $2, $3, $4, $5, $6) RETURNING 1",
        7
    ),
    Lane::insert
};

db::Query const delete_template{
    "delete_composition_template",
    events::appending_one("DELETE FROM composition_templates WHERE id = $1 RETURNING 1", 2),
    Lane::change
};

void describe_template(Template& out, std::string document) {
    Composition described;
    describe(described, parse_document(document));
    out.width = described.width;
    out.height = described.height;
    out.formats = std::move(described.formats);
    out.document = json::Raw{std::move(document)};
}

Template template_of(db::Row const& row) {
    Template out;
    out.id = row.get<std::string>(0);
    out.show_id = row.get<std::string>(1);
    out.name = row.get<std::string>(2);
    out.created_at = row.get<Time>(3);
    out.created_by = row.get<std::optional<std::string>>(4);
    describe_template(out, row.get<std::string>(5));
    return out;
}

Template built_in(TemplateFile const& file) {
    boost::json::value const value = json::parse_value(file.text);
    Template out;
    out.id = file.id;
    out.name = std::string{value.at("name").as_string()};
    out.about = std::string{value.at("about").as_string()};
    out.built_in = true;
    describe_template(out, boost::json::serialize(value.at("document")));
    return out;
}

Error no_such_template() {
    return Error{Code::not_found, "There is no such template."};
}

}  // namespace

std::vector<Template> const& built_in_templates() {
    static std::vector<Template> const all = [] {
        std::vector<Template> made;
        for (TemplateFile const& file : embedded_templates()) made.push_back(built_in(file));
        return made;
    }();
    return all;
}

Task<std::vector<Template>> list_templates(api::Context& context, ListTemplates query) {
    std::vector<Template> all = built_in_templates();
    db::Params params{auth::visible_shows(context.principal), query.show_id};
    db::Rows const rows = co_await context.read(page_of_templates, std::move(params));
    for (db::Row const row : rows) all.push_back(template_of(row));
    for (Template& each : all) each.document.reset();
    co_return all;
}

Task<std::optional<Template>> find_template(api::Context& context, std::string id) {
    auto const known = std::ranges::find(built_in_templates(), id, &Template::id);
    if (known != built_in_templates().end()) co_return *known;
    if (!is_id(id)) co_return std::nullopt;
    db::Rows const rows = co_await context.read(find_one, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    Template found = template_of(rows.front());
    bool const visible = auth::allows(context.principal, auth::Action::read, *found.show_id);
    if (!visible) co_return std::nullopt;
    co_return found;
}

Task<Template> create_template(api::Context& context, CreateTemplate input) {
    auto const composition = co_await find(context, input.composition_id);
    if (!composition || composition->deleted_at) {
        throw invalid_field("composition_id", "UNKNOWN", "is not a composition");
    }
    context.require(auth::Action::write, composition->show_id);
    db::Rows const counted =
        co_await context.read(count_templates, db::Params{composition->show_id});
    if (counted.front().get<std::int64_t>(0) >= templates_a_show_max) {
        throw Error{
            Code::conflict,
            "TOO_MANY_TEMPLATES",
            fmt::format("A show has at most {} templates.", templates_a_show_max)
        };
    }
    Template made;
    made.id = new_id();
    made.show_id = composition->show_id;
    made.name = input.name;
    made.created_at = context.services.clock.now();
    made.created_by = context.actor.user_id;
    describe_template(made, composition->document->text);
    CompositionTemplateCreated const event{made.id, made.name, context.actor.user_id};
    db::Params params{made.id, *made.show_id, made.name, made.document->text};
    params.add(*made.created_at).add(made.created_by);
    events::Subject const subject{made.id, {}, made.show_id};
    events::add_one(
        params, context.actor, events::make_entry(event, context.actor, subject, *made.created_at)
    );
    co_await context.write(insert_template, std::move(params));
    co_return made;
}

Task<> remove_template(api::Context& context, std::string id) {
    auto const found = co_await find_template(context, id);
    if (!found) throw no_such_template();
    if (found->built_in) {
        throw Error{Code::forbidden, "Templates that come with the server cannot be deleted."};
    }
    context.require(auth::Action::write, *found->show_id);
    CompositionTemplateDeleted const event{id, found->name, context.actor.user_id};
    db::Params params{id};
    events::Subject const subject{id, {}, found->show_id};
    Time const now = context.services.clock.now();
    events::add_one(params, context.actor, events::make_entry(event, context.actor, subject, now));
    db::Rows const rows = co_await context.write(delete_template, std::move(params));
    if (rows.empty()) throw no_such_template();
}

}  // namespace showrunner::compositions
