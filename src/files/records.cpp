#include "files/records.hpp"

#include "db/described.hpp"
#include "db/pattern.hpp"
#include "files/depot.hpp"
#include "files/events.hpp"
#include "files/types.hpp"

namespace showrunner::files {

namespace {

using db::Lane;
using db::Query;

Query const find_file{
    "find_file",
    "SELECT " + db::columns_of<File>("f") +
        ", b.key FROM files f LEFT JOIN blobs b ON b.id = f.blob_id WHERE f.id = $1",
    Lane::read
};

Query const rename_file{
    "rename_file",
    events::appending_one(
        "UPDATE files SET name = $3, updated_at = $4, updated_by = $5, version = version + 1 "
        "WHERE id = $1 AND version = $2 AND deleted_at IS NULL RETURNING 1",
        6
    ),
    Lane::change
};

Query const delete_file{
    "delete_file",
    events::appending_many(
        "UPDATE files SET deleted_at = $3, updated_at = $3, updated_by = $4, version = version + 1 "
        "WHERE id = $1 AND version = $2 AND deleted_at IS NULL RETURNING id",
        5,
        "over AS (DELETE FROM uploads WHERE file_id = $1), "
    ),
    Lane::change
};

Query const restore_file{
    "restore_file",
    events::appending_one(
        "UPDATE files SET deleted_at = NULL, updated_at = $3, updated_by = $4, version = version + "
        "1 WHERE id = $1 AND version = $2 AND deleted_at IS NOT NULL AND blob_id IS NOT NULL "
        "RETURNING 1",
        5
    ),
    Lane::change
};

Query const describe_file{
    "describe_file",
    events::appending_one(
        "UPDATE files SET media = $3, derivatives = $4, updated_at = $5, version = version + 1 "
        "WHERE id = $1 AND version = $2 RETURNING 1",
        6
    ),
    Lane::change
};

Query const insert_download{
    "note_file_download",
    events::appending_one(
        "INSERT INTO file_downloads AS d (file_id, user_id, at) VALUES ($1, $2, $3) ON CONFLICT "
        "(file_id, user_id) DO UPDATE SET at = excluded.at WHERE d.at < excluded.at - interval "
        "'10 minutes' RETURNING 1",
        4
    ),
    Lane::change
};

/// As in the query above.
constexpr std::chrono::minutes download_interval{10};

Query const find_download{
    "find_file_download",
    "SELECT at FROM file_downloads WHERE file_id = $1 AND user_id = $2",
    Lane::read
};

Query const find_show_of_files{
    "find_show_of_files", "SELECT show_id FROM episodes WHERE id = $1", Lane::read
};

constexpr std::string_view filters =
    "f.episode_id = $1 AND ($2::file_kind[] IS NULL OR f.kind = ANY ($2)) "
    "AND ($3::file_state[] IS NULL OR f.state = ANY ($3)) "
    "AND ($4::text IS NULL OR f.name ILIKE $4) AND (f.deleted_at IS NOT NULL) = $5::boolean";

Query const list_page{
    "list_files",
    fmt::format(
        "SELECT {} FROM files f WHERE {} AND ($6::uuid IS NULL OR f.id < $6) ORDER BY f.id DESC "
        "LIMIT $7::int",
        db::columns_of<File>("f"),
        filters
    ),
    Lane::scan
};

Query const count_files{
    "count_files", fmt::format("SELECT count(*) FROM files f WHERE {}", filters), Lane::scan
};

Query const list_ready{
    "list_ready_files",
    "SELECT " + db::columns_of<File>() +
        " FROM files WHERE episode_id = $1 AND state = 'ready' AND deleted_at IS NULL AND "
        "($2::file_kind IS NULL OR kind = $2) ORDER BY id DESC LIMIT 1000",
    Lane::scan
};

/// Each attempt lost to another change; so many in a row is a stampede, not a coincidence.
constexpr int attempts_max = 10;

Error busy() {
    Error error{Code::unavailable, "Too many change this file at once. Try again."};
    error.retry_after_s = 1;
    return error;
}

Error not_found() {
    return Error{Code::not_found, "There is no such file."};
}

void check_version(File const& current, std::optional<int> version) {
    if (!version || *version == current.version) return;
    Error error{Code::version_mismatch, "The file has changed since you read it."};
    error.current = json::to_text(current);
    error.etag = fmt::format("\"{}\"", current.version);
    throw error;
}

template <typename E>
void add_names(db::Params& params, std::vector<E> const& values) {
    if (values.empty()) {
        params.add(std::nullopt);
        return;
    }
    std::vector<std::string> names;
    for (E const value : values) names.emplace_back(json::name_of(value));
    params.add(names);
}

db::Params filter_params(std::string const& episode_id, ListFiles const& query) {
    db::Params params{episode_id};
    add_names(params, query.kind);
    add_names(params, query.state);
    std::optional<std::string> pattern;
    if (query.q) pattern = db::containing(*query.q);
    params.add(pattern).add(query.deleted.value_or(false));
    return params;
}

}  // namespace

events::Subject subject_of(File const& file) {
    return {file.id, file.episode_id, file.show_id};
}

Task<std::optional<Stored>> find_stored(api::Services& services, std::string id) {
    db::Rows const rows = co_await services.db.run(find_file, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    db::Row const row = rows.front();
    int const key = row.columns() - 1;
    Stored stored{db::read<File>(row), {}};
    if (!row.null(key)) stored.key = row.get<std::string>(key);
    co_return stored;
}

Task<std::shared_ptr<Stored const>> find_recent(api::Services& services, std::string id) {
    RecentFiles& recent = services.files.recent;
    auto known = recent.find(id);
    if (known) co_return known;
    auto const mark = recent.mark();
    auto stored = co_await find_stored(services, std::move(id));
    if (!stored) co_return nullptr;
    auto fresh = std::make_shared<Stored const>(std::move(*stored));
    recent.keep(fresh, mark);
    co_return fresh;
}

Task<std::optional<Stored>> find(api::Context& context, std::string id) {
    auto stored = co_await find_stored(context.services, std::move(id));
    if (!stored) co_return std::nullopt;
    bool const visible = auth::allows(context.principal, auth::Action::read, stored->file.show_id);
    if (!visible) co_return std::nullopt;
    co_return stored;
}

Task<Stored> find_live(api::Context& context, std::string id) {
    auto stored = co_await find(context, std::move(id));
    if (!stored || stored->file.deleted_at) throw not_found();
    co_return std::move(*stored);
}

Task<File> rename(
    api::Context& context, std::string id, UpdateFile input, std::optional<int> version
) {
    tidy_name(input.name);
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        Stored stored = co_await find_live(context, id);
        File& file = stored.file;
        context.require(auth::Action::write, file.show_id);
        check_version(file, version);
        if (file.name == input.name) co_return file;
        check_extension(file.kind, input.name);
        events::Changes changes;
        changes.add("name", json::to_text(file.name), json::to_text(input.name));
        int const before = file.version++;
        file.name = input.name;
        file.updated_at = context.services.clock.now();
        file.updated_by = context.actor.user_id;
        FileUpdated const event{
            json::Raw{json::to_text(file)},
            file.id,
            file.episode_id,
            file.name,
            changes.fields(),
            context.actor.user_id
        };
        db::Params params{file.id, before, file.name, file.updated_at, file.updated_by};
        auto const entry =
            events::make_entry(event, context.actor, subject_of(file), file.updated_at, changes);
        events::add_one(params, context.actor, entry);
        db::Rows const rows = co_await context.write(rename_file, std::move(params));
        context.services.files.recent.forget(file.id);
        if (!rows.empty()) co_return file;
    }
    throw busy();
}

Task<> remove(api::Context& context, std::string id, std::optional<int> version) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        Stored const stored = co_await find_live(context, id);
        File const& file = stored.file;
        context.require(auth::Action::write, file.show_id);
        check_version(file, version);
        Time const now = context.services.clock.now();
        FileDeleted const event{
            file.id, file.episode_id, file.name, context.actor.user_id, file.version + 1
        };
        db::Params params{file.id, file.version, now, context.actor.user_id};
        std::vector<events::Entry> entries;
        entries.push_back(events::make_entry(event, context.actor, subject_of(file), now));
        events::add_many(params, context.actor, entries);
        db::Rows const rows = co_await context.write(delete_file, std::move(params));
        context.services.files.recent.forget(file.id);
        if (rows.empty()) continue;
        // What somebody writes now is cleared away by its writer, which has lost its lease.
        if (file.state == State::uploading) {
            co_await context.services.files.store->abort(blobs::Staged{file.id});
        }
        co_return;
    }
    throw busy();
}

Task<File> restore(api::Context& context, std::string id) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto stored = co_await find(context, id);
        if (!stored) throw not_found();
        File& file = stored->file;
        context.require(auth::Action::write, file.show_id);
        if (!file.deleted_at) {
            throw Error{Code::conflict, "NOT_DELETED", "The file is not deleted."};
        }
        if (!stored->key) {
            throw Error{
                Code::conflict, "CONTENT_GONE", "The content of the file is gone for good."
            };
        }
        int const before = file.version++;
        file.deleted_at.reset();
        file.updated_at = context.services.clock.now();
        file.updated_by = context.actor.user_id;
        FileRestored const event{
            json::Raw{json::to_text(file)},
            file.id,
            file.episode_id,
            file.name,
            context.actor.user_id
        };
        db::Params params{file.id, before, file.updated_at, file.updated_by};
        auto const entry =
            events::make_entry(event, context.actor, subject_of(file), file.updated_at);
        events::add_one(params, context.actor, entry);
        db::Rows const rows = co_await context.write(restore_file, std::move(params));
        if (!rows.empty()) co_return file;
    }
    throw busy();
}

Task<> note_download(api::Context& context, std::shared_ptr<Stored const> stored) {
    RecentDownloads& recent = context.services.files.downloads;
    Time const now = context.services.clock.now();
    File const& file = stored->file;
    std::string const user_id{context.principal.id()};
    if (recent.holds(file.id, user_id, now)) co_return;
    FileDownload const event{file.id, file.episode_id, file.name, context.actor.user_id};
    db::Params params{file.id, user_id, now};
    events::add_one(
        params, context.actor, events::make_entry(event, context.actor, subject_of(file), now)
    );
    db::Rows const rows = co_await context.write(insert_download, std::move(params));
    Time noted_at = now;
    if (rows.empty()) {
        db::Rows const before = co_await context.read(find_download, db::Params{file.id, user_id});
        if (before.empty()) co_return;
        noted_at = before.front().get<Time>(0);
    }
    recent.keep(file.id, user_id, noted_at + download_interval);
}

Task<bool> describe(api::Services& services, std::string id, Findings findings) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto stored = co_await find_stored(services, id);
        if (!stored) co_return false;
        File& file = stored->file;
        events::Changes changes;
        if (findings.media) {
            changes.add("media", json::to_text(file.media), findings.media->text);
            file.media = findings.media;
        }
        if (findings.derivatives) {
            changes.add("derivatives", file.derivatives.text, findings.derivatives->text);
            file.derivatives = *findings.derivatives;
        }
        if (changes.empty()) co_return true;
        int const before = file.version++;
        file.updated_at = services.clock.now();
        events::Actor const actor;
        FileUpdated const event{
            json::Raw{json::to_text(file)},
            file.id,
            file.episode_id,
            file.name,
            changes.fields(),
            {}
        };
        db::Params params{file.id, before};
        params.add(file.media ? std::optional{file.media->text} : std::nullopt);
        params.add(file.derivatives.text).add(file.updated_at);
        auto const entry =
            events::make_entry(event, actor, subject_of(file), file.updated_at, changes);
        events::add_one(params, actor, entry);
        db::Rows const rows = co_await services.db.run(describe_file, std::move(params));
        services.tail.wake();
        if (!rows.empty()) co_return true;
    }
    throw busy();
}

Task<Page> list(api::Context& context, std::string episode_id, ListFiles query) {
    db::Rows const shows = co_await context.read(find_show_of_files, db::Params{episode_id});
    bool const visible = !shows.empty() &&
                         auth::allows(context.principal, auth::Action::read, shows.front().text(0));
    if (!visible) throw Error{Code::not_found, "There is no such episode."};
    int const limit = query.limit.value_or(20);
    db::Params params = filter_params(episode_id, query);
    if (query.cursor) {
        auto const after = api::read_cursor(*query.cursor, "-id", 1);
        if (!is_id(after[0])) {
            throw invalid_field("cursor", "CURSOR", "is not a cursor of this list");
        }
        params.add(after[0]);
    } else {
        params.add(std::nullopt);
    }
    params.add(limit + 1);
    db::Rows const rows = co_await context.read(list_page, std::move(params));
    Page page;
    page.pagination.limit = limit;
    for (db::Row const row : rows) {
        if (static_cast<int>(page.files.size()) == limit) break;
        page.files.push_back(db::read<File>(row));
    }
    if (rows.size() > limit) {
        page.pagination.next_cursor = api::make_cursor("-id", {page.files.back().id});
    }
    if (query.count.value_or(false)) {
        db::Rows const counted =
            co_await context.read(count_files, filter_params(episode_id, query));
        page.pagination.total = counted.front().get<std::int64_t>(0);
    }
    co_return page;
}

Task<std::vector<File>> files_of(
    api::Services& services, std::string episode_id, std::optional<Kind> kind
) {
    db::Params params{episode_id};
    params.add(kind ? std::optional{json::name_of(*kind)} : std::nullopt);
    db::Rows const rows = co_await services.db.run(list_ready, std::move(params));
    std::vector<File> files;
    for (db::Row const row : rows) files.push_back(db::read<File>(row));
    co_return files;
}

}  // namespace showrunner::files
