#include "episodes/store.hpp"

#include "db/described.hpp"
#include "episodes/events.hpp"

namespace showrunner::episodes {

namespace {

using db::Lane;
using db::Query;

Query const find_episode{
    "find_episode",
    "SELECT " + db::columns_of<Episode>("e") +
        ", s.requires_approval FROM episodes e JOIN shows s ON s.id = e.show_id WHERE e.id = $1",
    Lane::read
};

Query const insert_episode{
    "insert_episode",
    events::appending_one(
        "INSERT INTO episodes (id, show_id, season_number, episode_number, title, description, "
        "air_date, categories, status, metadata, created_at, created_by, updated_at, updated_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12) RETURNING 1",
        13
    ),
    Lane::insert
};

Query const update_episode{
    "update_episode",
    events::appending_many(
        "UPDATE episodes SET season_number = $3, episode_number = $4, title = $5, "
        "description = $6, air_date = $7, categories = $8, status = $9, metadata = $10, "
        "version = version + 1, updated_at = $11, updated_by = $12 "
        "WHERE id = $1 AND version = $2 AND deleted_at IS NULL RETURNING id",
        13
    ),
    Lane::change
};

Query const delete_softly{
    "delete_episode_softly",
    events::appending_one(
        "UPDATE episodes SET deleted_at = $3, updated_at = $3, updated_by = $4, "
        "version = version + 1 WHERE id = $1 AND version = $2 AND deleted_at IS NULL RETURNING 1",
        5
    ),
    Lane::change
};

Query const delete_permanently{
    "delete_episode_permanently",
    events::appending_one("DELETE FROM episodes WHERE id = $1 AND version = $2 RETURNING 1", 3),
    Lane::change
};

Query const restore_episode{
    "restore_episode",
    events::appending_one(
        "UPDATE episodes SET deleted_at = NULL, updated_at = $3, updated_by = $4, "
        "version = version + 1 WHERE id = $1 AND version = $2 AND deleted_at IS NOT NULL RETURNING "
        "1",
        5
    ),
    Lane::change
};

Query const find_next_number{
    "find_next_number",
    "SELECT coalesce(max(episode_number), 0) + 1 FROM episodes WHERE show_id = $1 "
    "AND coalesce(season_number, -1) = coalesce($2::int, -1) AND deleted_at IS NULL",
    Lane::read
};

Error not_found() {
    return Error{Code::not_found, "There is no such episode."};
}

/// Each attempt lost to another change; so many in a row is a stampede, not a coincidence.
constexpr int attempts_max = 10;

Error busy() {
    Error error{Code::unavailable, "Too many people change this episode at once. Try again."};
    error.retry_after_s = 1;
    return error;
}

/// Somebody changed it first: with the record as it is now, so that the client can merge.
Error mismatch(Episode const& current) {
    Error error{Code::version_mismatch, "The episode has changed since you read it."};
    error.current = json::to_text(current);
    error.etag = fmt::format("\"{}\"", current.version);
    return error;
}

void check_version(Episode const& current, std::optional<int> version) {
    if (version && *version != current.version) throw mismatch(current);
}

events::Subject subject_of(Episode const& episode) {
    return {episode.id, episode.id, episode.show_id};
}

bool same_json(json::Raw const& a, json::Raw const& b) {
    return a == b || boost::json::parse(a.text) == boost::json::parse(b.text);
}

/// Puts `wanted` in place and notes the change, unless it is the same.
template <typename T>
void set(events::Changes& changes, std::string_view field, T& current, T const& wanted) {
    bool same = false;
    if constexpr (std::same_as<T, json::Raw>) {
        same = same_json(current, wanted);
    } else {
        same = current == wanted;
    }
    if (same) return;
    changes.add(field, json::to_text(current), json::to_text(wanted));
    current = wanted;
}

/// The record after the update; `changes` says what is new.
Episode merged(Episode episode, UpdateEpisode const& input, events::Changes& changes) {
    if (input.season_number.present) {
        set(changes, "season_number", episode.season_number, input.season_number.value);
    }
    if (input.episode_number) {
        set(changes, "episode_number", episode.episode_number, *input.episode_number);
    }
    if (input.title) set(changes, "title", episode.title, *input.title);
    if (input.description) set(changes, "description", episode.description, *input.description);
    if (input.air_date.present) set(changes, "air_date", episode.air_date, input.air_date.value);
    if (input.categories) set(changes, "categories", episode.categories, *input.categories);
    if (input.status) set(changes, "status", episode.status, *input.status);
    if (input.metadata) set(changes, "metadata", episode.metadata, *input.metadata);
    return episode;
}

std::vector<events::Entry> update_entries(
    Episode const& before,
    Episode const& after,
    events::Changes const& changes,
    std::optional<std::string> const& reason,
    events::Actor const& actor
) {
    json::Raw const record{json::to_text(after)};
    EpisodeUpdated const updated{
        record, after.id, after.title, changes.fields(), actor.user_id, reason
    };
    std::vector<events::Entry> entries;
    Time const at = after.updated_at;
    entries.push_back(events::make_entry(updated, actor, subject_of(after), at, changes));
    if (after.status == before.status) return entries;
    if (after.status == Status::published) {
        EpisodePublished const event{record, after.id, after.title, actor.user_id};
        entries.push_back(events::make_entry(event, actor, subject_of(after), at));
    } else if (after.status == Status::archived) {
        EpisodeArchived const event{record, after.id, after.title, actor.user_id};
        entries.push_back(events::make_entry(event, actor, subject_of(after), at));
    }
    return entries;
}

db::Params update_params(Episode const& before, Episode const& after) {
    db::Params params{after.id, before.version, after.season_number, after.episode_number};
    params.add(after.title)
        .add(after.description)
        .add(after.air_date)
        .add(after.categories)
        .add(json::name_of(after.status))
        .add(after.metadata.text)
        .add(after.updated_at)
        .add(after.updated_by);
    return params;
}

}  // namespace

Task<std::optional<Found>> find(api::Context& context, std::string_view id) {
    db::Rows const rows = co_await context.read(find_episode, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    db::Row const row = rows.front();
    Found found{db::read<Episode>(row), row.get<bool>(row.columns() - 1)};
    // What a user may not see is not there.
    bool const visible = auth::allows(context.principal, auth::Action::read, found.episode.show_id);
    if (!visible) co_return std::nullopt;
    co_return found;
}

Task<Found> find_live(api::Context& context, std::string_view id) {
    auto found = co_await find(context, id);
    if (!found || found->episode.deleted_at) throw not_found();
    co_return std::move(*found);
}

Episode make_episode(CreateEpisode input, events::Actor const& actor, Time now) {
    tidy(input.title);
    tidy(input.categories);
    Episode episode;
    episode.id = new_id();
    episode.show_id = input.show_id.value_or(std::string{default_show});
    episode.season_number = input.season_number;
    episode.episode_number = input.episode_number;
    episode.title = std::move(input.title);
    episode.description = std::move(input.description).value_or("");
    episode.air_date = std::move(input.air_date);
    episode.categories = std::move(input.categories);
    episode.status = input.status.value_or(Status::draft);
    episode.metadata = std::move(input.metadata).value_or(json::Raw{"{}"});
    episode.created_at = now;
    episode.created_by = actor.user_id;
    episode.updated_at = now;
    episode.updated_by = actor.user_id;
    return episode;
}

events::Entry created_entry(Episode const& episode, events::Actor const& actor) {
    events::Changes changes;
    Episode const blank;
    auto const note = [&](std::string_view field, auto const& value, auto const& default_value) {
        if (value != default_value) changes.add(field, "null", json::to_text(value));
    };
    note("title", episode.title, blank.title);
    note("season_number", episode.season_number, blank.season_number);
    changes.add("episode_number", "null", json::to_text(episode.episode_number));
    note("description", episode.description, blank.description);
    note("air_date", episode.air_date, blank.air_date);
    note("categories", episode.categories, blank.categories);
    changes.add("status", "null", json::to_text(episode.status));
    if (episode.metadata != blank.metadata) {
        changes.add("metadata", "null", episode.metadata.text);
    }
    EpisodeCreated const event{
        json::Raw{json::to_text(episode)},
        episode.id,
        episode.title,
        episode.categories,
        actor.user_id
    };
    return events::make_entry(event, actor, subject_of(episode), episode.created_at, changes);
}

Task<Episode> create(api::Context& context, CreateEpisode input) {
    Episode episode = make_episode(std::move(input), context.actor, context.services.clock.now());
    context.require(auth::Action::write, episode.show_id);
    if (episode.status != Status::draft) {
        throw invalid_field(
            "status", "NOT_DRAFT", "must be draft: a new episode begins its workflow there"
        );
    }
    db::Params params{episode.id, episode.show_id, episode.season_number, episode.episode_number};
    params.add(episode.title)
        .add(episode.description)
        .add(episode.air_date)
        .add(episode.categories)
        .add(json::name_of(episode.status))
        .add(episode.metadata.text)
        .add(episode.created_at)
        .add(episode.created_by);
    events::add_one(params, context.actor, created_entry(episode, context.actor));
    co_await context.write(insert_episode, std::move(params));
    co_return episode;
}

Task<Episode> update(
    api::Context& context,
    std::string id,
    UpdateEpisode input,
    std::optional<std::string> reason,
    std::optional<int> version
) {
    if (input.title) tidy(*input.title);
    if (input.categories) tidy(*input.categories);
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        Found const found = co_await find_live(context, id);
        Episode const& before = found.episode;
        context.require(auth::Action::write, before.show_id);
        check_version(before, version);
        events::Changes changes;
        Episode after = merged(before, input, changes);
        if (changes.empty()) co_return before;
        if (after.status != before.status) {
            check_move(before.status, after.status, found.requires_approval);
        }
        after.version = before.version + 1;
        after.updated_at = context.services.clock.now();
        after.updated_by = context.actor.user_id;
        auto const entries = update_entries(before, after, changes, reason, context.actor);
        db::Params params = update_params(before, after);
        events::add_many(params, context.actor, entries);
        db::Rows const rows = co_await context.write(update_episode, std::move(params));
        if (!rows.empty()) co_return after;
        // Somebody changed it between the two statements: merge onto what they left.
    }
    throw busy();
}

Task<> remove(
    api::Context& context, std::string id, Deletion deletion, std::optional<int> version
) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto const found = co_await find(context, id);
        bool const permanent = deletion == Deletion::permanent;
        if (!found || (found->episode.deleted_at && !permanent)) throw not_found();
        Episode const& episode = found->episode;
        context.require(
            permanent ? auth::Action::administer : auth::Action::write, episode.show_id
        );
        check_version(episode, version);
        Time const now = context.services.clock.now();
        EpisodeDeleted const event{
            id,
            episode.title,
            permanent ? "permanent" : "soft",
            context.actor.user_id,
            episode.version + 1
        };
        db::Params params{id, episode.version};
        if (!permanent) params.add(now).add(context.actor.user_id);
        events::add_one(
            params,
            context.actor,
            events::make_entry(event, context.actor, subject_of(episode), now)
        );
        db::Query const& query = permanent ? delete_permanently : delete_softly;
        db::Rows const rows = co_await context.write(query, std::move(params));
        if (!rows.empty()) co_return;
    }
    throw busy();
}

Task<Episode> restore(api::Context& context, std::string id) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto const found = co_await find(context, id);
        if (!found) throw not_found();
        Episode episode = found->episode;
        context.require(auth::Action::write, episode.show_id);
        if (!episode.deleted_at) {
            throw Error{Code::conflict, "NOT_DELETED", "The episode is not deleted."};
        }
        int const version = episode.version++;
        episode.deleted_at.reset();
        episode.updated_at = context.services.clock.now();
        episode.updated_by = context.actor.user_id;
        EpisodeRestored const event{
            json::Raw{json::to_text(episode)}, id, episode.title, context.actor.user_id
        };
        db::Params params{id, version, episode.updated_at, episode.updated_by};
        events::add_one(
            params,
            context.actor,
            events::make_entry(event, context.actor, subject_of(episode), episode.updated_at)
        );
        db::Rows const rows = co_await context.write(restore_episode, std::move(params));
        if (!rows.empty()) co_return episode;
    }
    throw busy();
}

Task<int> next_number(api::Context& context, std::string_view show_id, std::optional<int> season) {
    context.require(auth::Action::read, show_id);
    db::Rows const rows = co_await context.read(find_next_number, db::Params{show_id, season});
    co_return rows.front().get<int>(0);
}

}  // namespace showrunner::episodes
