#include "episodes/feature.hpp"

namespace showrunner::episodes {

Task<http::Response> list_episodes(api::Context& context) {
    Page const page = co_await list(context, context.query<ListEpisodes>());
    co_return api::many(page.episodes, page.pagination);
}

Task<http::Response> list_facets(api::Context& context) {
    Facets const counted = co_await facets(context, context.query<ListEpisodes>());
    co_return api::one(counted);
}

Task<http::Response> suggest_number(api::Context& context) {
    auto const query = context.query<SuggestNumber>();
    std::string const show_id = query.show_id.value_or(std::string{default_show});
    SuggestedNumber suggested;
    suggested.episode_number = co_await next_number(context, show_id, query.season_number);
    co_return api::one(suggested);
}

Task<http::Response> create_episode(api::Context& context) {
    Episode const created = co_await create(context, context.body<CreateEpisode>());
    http::Response response = api::record(created, 201);
    response.headers.set("Location", "/api/v1/episodes/" + created.id);
    co_return response;
}

Task<http::Response> get_episode(api::Context& context) {
    std::string const id = context.id();
    auto const query = context.query<GetEpisode>();
    auto const found = co_await find(context, id);
    if (!found || (found->episode.deleted_at && !query.deleted.value_or(false))) {
        throw Error{Code::not_found, "There is no such episode."};
    }
    co_return api::record(found->episode);
}

Task<http::Response> update_episode_fields(api::Context& context) {
    std::string const id = context.id();
    auto input = context.body<UpdateEpisode>();
    auto const version = context.if_match();
    Episode const updated = co_await update(context, id, std::move(input), {}, version);
    co_return api::record(updated);
}

Task<http::Response> move_episode(api::Context& context) {
    std::string const id = context.id();
    auto const input = context.body<MoveEpisode>();
    UpdateEpisode change;
    change.status = input.status;
    auto const version = context.if_match();
    Episode const moved = co_await update(context, id, std::move(change), input.reason, version);
    co_return api::record(moved);
}

Task<http::Response> delete_episode(api::Context& context) {
    std::string const id = context.id();
    bool const permanent = context.query<DeleteEpisode>().permanent.value_or(false);
    // Asked before the record is looked for: the answer must not tell whether it exists.
    if (permanent) context.require(auth::Action::administer);
    Deletion const deletion = permanent ? Deletion::permanent : Deletion::soft;
    co_await remove(context, id, deletion, context.if_match());
    co_return http::Response::empty(204);
}

Task<http::Response> restore_deleted_episode(api::Context& context) {
    Episode const restored = co_await restore(context, context.id());
    co_return api::record(restored);
}

Task<http::Response> get_history(api::Context& context) {
    std::string const id = context.id();
    HistoryPage const page = co_await list_history(context, id, context.query<ListHistory>());
    co_return api::many(page.entries, page.pagination);
}

Task<http::Response> import_episodes(api::Context& context) {
    ImportResult const result = co_await run_import(
        context,
        *context.request.stream,
        context.query<ImportEpisodes>(),
        context.request.headers.get("Content-Type")
    );
    co_return api::one(result);
}

Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id) {
    auto const found = co_await find(context, id);
    if (!found) co_return std::nullopt;
    co_return json::to_text(found->episode);
}

}  // namespace showrunner::episodes
