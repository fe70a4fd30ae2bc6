#include "compositions/feature.hpp"

#include <charconv>

namespace showrunner::compositions {

namespace {

Error no_such_template() {
    return Error{Code::not_found, "There is no such template."};
}

}  // namespace

int version_param(api::Context const& context) {
    std::string const& text = context.param("n");
    int number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 1) {
        throw no_such_version();
    }
    return number;
}

Task<http::Response> list_compositions(api::Context& context) {
    Page const page = co_await list(context, context.query<ListCompositions>());
    co_return api::many(page.compositions, page.pagination);
}

Task<http::Response> create_composition(api::Context& context) {
    auto input = context.body<CreateComposition>();
    Composition const created = co_await create(context, std::move(input));
    http::Response response = api::record(created, 201);
    response.headers.set("Location", "/api/v1/compositions/" + created.id);
    co_return response;
}

Task<http::Response> get_composition(api::Context& context) {
    std::string const id = context.id();
    bool const deleted = context.query<GetComposition>().deleted.value_or(false);
    auto const found = co_await find(context, id);
    if (!found || (found->deleted_at && !deleted)) throw not_found();
    co_return api::record(*found);
}

Task<http::Response> update_composition_fields(api::Context& context) {
    std::string const id = context.id();
    auto input = context.body<UpdateComposition>();
    Save save;
    save.version = context.if_match();
    Composition const updated = co_await update(context, id, std::move(input), std::move(save));
    co_return api::record(updated);
}

Task<http::Response> remove_composition(api::Context& context) {
    std::string const id = context.id();
    co_await remove(context, id, context.if_match());
    co_return http::Response::empty(204);
}

Task<http::Response> restore_deleted_composition(api::Context& context) {
    Composition const restored = co_await restore(context, context.id());
    co_return api::record(restored);
}

Task<http::Response> move_composition(api::Context& context) {
    std::string const id = context.id();
    auto const input = context.body<MoveComposition>();
    UpdateComposition change;
    change.status = input.status;
    Save save;
    save.reason = input.reason;
    save.version = context.if_match();
    Composition const moved = co_await update(context, id, std::move(change), std::move(save));
    co_return api::record(moved);
}

Task<http::Response> list_the_versions(api::Context& context) {
    std::string const id = context.id();
    auto const query = context.query<ListVersions>();
    co_await find_live(context, id);
    VersionPage const page = co_await list_versions(context, id, query);
    co_return api::many(page.versions, page.pagination);
}

Task<http::Response> get_version(api::Context& context) {
    std::string const id = context.id();
    int const number = version_param(context);
    co_await find_live(context, id);
    auto const found = co_await find_version(context, id, number);
    if (!found) throw no_such_version();
    co_return api::one(*found);
}

Task<http::Response> compare_versions(api::Context& context) {
    std::string const id = context.id();
    auto const query = context.query<CompareVersions>();
    if (!query.from) throw invalid_field("from", "REQUIRED", "is required");
    Composition const current = co_await find_live(context, id);
    auto before = co_await find_version(context, id, *query.from);
    auto after = co_await find_version(context, id, query.to.value_or(current.version));
    if (!before || !after) throw no_such_version();
    co_return api::one(compare(std::move(*before), std::move(*after)));
}

Task<http::Response> revert_composition(api::Context& context) {
    std::string const id = context.id();
    int const number = version_param(context);
    Composition const reverted = co_await revert(context, id, number, context.if_match());
    co_return api::record(reverted);
}

Task<http::Response> list_the_templates(api::Context& context) {
    auto const all = co_await list_templates(context, context.query<ListTemplates>());
    co_return api::all(all);
}

Task<http::Response> create_one_template(api::Context& context) {
    Template const made = co_await create_template(context, context.body<CreateTemplate>());
    http::Response response = api::one(made, 201);
    response.headers.set("Location", "/api/v1/composition-templates/" + made.id);
    co_return response;
}

Task<http::Response> get_template(api::Context& context) {
    auto const found = co_await find_template(context, context.param("id"));
    if (!found) throw no_such_template();
    co_return api::one(*found);
}

Task<http::Response> delete_one_template(api::Context& context) {
    co_await remove_template(context, context.param("id"));
    co_return http::Response::empty(204);
}

Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id) {
    auto found = co_await find(context, id);
    if (!found) co_return std::nullopt;
    // As in the events; who shows the document fetches it.
    found->document.reset();
    co_return json::to_text(*found);
}

}  // namespace showrunner::compositions
