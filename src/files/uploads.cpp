#include "files/uploads.hpp"

#include "base/text.hpp"
#include "db/described.hpp"
#include "files/depot.hpp"
#include "files/events.hpp"
#include "files/records.hpp"
#include "files/types.hpp"

namespace showrunner::files {

namespace {

using db::Lane;
using db::Query;

/// A writer that is not heard of for this long has lost its upload to whoever comes next.
constexpr int lease_s = 10;

Query const find_episode_for_file{
    "find_episode_for_file",
    "SELECT show_id FROM episodes WHERE id = $1 AND deleted_at IS NULL",
    Lane::read
};

Query const insert_file{
    "insert_file",
    events::appending_many(
        "INSERT INTO uploads (file_id, method, kind_given, bytes, sha256, metadata, expires_at, "
        "staged) SELECT id, $11, $12, $7, $13, $14, $15, $16 FROM file RETURNING file_id AS id",
        17,
        "file AS (INSERT INTO files (id, episode_id, show_id, name, kind, media_type, bytes, "
        "source, created_at, created_by, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, $6, "
        "$7, $8, $9, $10, $9, $10) RETURNING id), "
    ),
    Lane::change
};

Query const used_by_show{
    "sum_files_of_show",
    "SELECT coalesce(sum(bytes), 0)::bigint FROM files WHERE show_id = $1 AND deleted_at IS NULL "
    "AND state <> 'failed' AND id <> $2",
    Lane::read
};

Query const claim_upload{
    "claim_upload",
    fmt::format(
        "UPDATE uploads SET lease = lease + 1, lease_until = now() + interval '{} s' WHERE "
        "file_id = $1 AND (lease_until IS NULL OR lease_until < now()) AND expires_at > $2 "
        "RETURNING {}",
        lease_s,
        db::columns_of<Upload>()
    ),
    Lane::change
};

Query const find_one{
    "find_upload",
    "SELECT " + db::columns_of<Upload>() + " FROM uploads WHERE file_id = $1",
    Lane::read
};

Query const find_file_of_upload{
    "find_file_of_upload",
    "SELECT " + db::columns_of<File>() + " FROM files WHERE id = $1",
    Lane::read
};

Query const move_upload{
    "move_upload",
    fmt::format(
        "UPDATE uploads SET position = $3, staged = $4, hash = $5, expires_at = $6, lease_until = "
        "CASE WHEN $7 THEN now() + interval '{} s' END WHERE file_id = $1 AND lease = $2 RETURNING "
        "1",
        lease_s
    ),
    Lane::change
};

Query const release_upload{
    "release_upload",
    "UPDATE uploads SET lease_until = NULL WHERE file_id = $1 AND lease = $2",
    Lane::change
};

Query const complete_file{
    "complete_file",
    events::appending_many(
        "UPDATE files f SET blob_id = blob.id, state = 'ready', bytes = $5, sha256 = $4, "
        "media_type = $6, kind = $7, version = f.version + 1, updated_at = $8 FROM over, blob "
        "WHERE f.id = over.file_id AND f.state = 'uploading' RETURNING f.id, blob.key",
        11,
        "over AS (DELETE FROM uploads WHERE file_id = $1 AND lease = $2 RETURNING file_id), "
        "blob AS (INSERT INTO blobs (id, store, key, sha256, bytes) SELECT $9, $10, $3, $4, $5 "
        "FROM over ON CONFLICT (store, sha256) DO UPDATE SET touched_at = now() RETURNING id, "
        "key), "
    ),
    Lane::change
};

Query const fail_file{
    "fail_file",
    events::appending_many(
        "UPDATE files f SET state = 'failed', error = $3, version = f.version + 1, updated_at = $4 "
        "FROM over WHERE f.id = over.file_id AND f.state = 'uploading' RETURNING f.id",
        5,
        "over AS (DELETE FROM uploads WHERE file_id = $1 AND lease = $2 RETURNING file_id), "
    ),
    Lane::change
};

Error gone(File const& file) {
    return Error{
        Code::gone,
        "UPLOAD_GONE",
        file.state == State::failed ? "The upload has failed or expired: begin again."
                                    : "The upload is over."
    };
}

}  // namespace

Error upload_taken() {
    return Error{
        Code::conflict, "UPLOAD_TAKEN", "The upload was taken over, cancelled, or has expired."
    };
}

void check_size(api::Services& services, Kind kind, std::int64_t bytes) {
    if (bytes == 0) throw invalid_field("bytes", "FILE_EMPTY", "must not be 0: the file is empty");
    std::uint64_t const most = services.files.settings.bytes_max_of(kind);
    if (static_cast<std::uint64_t>(bytes) <= most) return;
    throw Error{
        Code::too_large,
        "FILE_TOO_LARGE",
        fmt::format("A file of the kind {} may have {} bytes.", json::name_of(kind), most)
    };
}

Task<> check_quota(
    api::Services& services, std::string show_id, std::string but_file_id, std::int64_t bytes
) {
    std::uint64_t const quota = services.files.settings.show_quota_bytes;
    if (quota == 0) co_return;
    db::Rows const rows = co_await services.db.run(used_by_show, db::Params{show_id, but_file_id});
    auto const used = static_cast<std::uint64_t>(rows.front().get<std::int64_t>(0));
    if (used + static_cast<std::uint64_t>(bytes) <= quota) co_return;
    throw Error{
        Code::too_large,
        "QUOTA_EXCEEDED",
        fmt::format("The files of the show may have {} bytes together, and have {}.", quota, used)
    };
}

Task<File> announce(
    api::Services& services, db::Transaction* transaction, events::Actor const& actor, NewFile input
) {
    tidy_name(input.name);
    File file;
    file.media_type = valid_utf8(input.media_type.value_or(""), 255);
    file.kind = input.kind.value_or(guess_kind(input.name, file.media_type));
    if (input.kind) check_extension(*input.kind, input.name);
    if (input.bytes) check_size(services, file.kind, *input.bytes);
    db::Rows const episodes =
        co_await services.db.run(find_episode_for_file, db::Params{input.episode_id});
    if (episodes.empty()) throw Error{Code::not_found, "There is no such episode."};
    file.show_id = episodes.front().get<std::string>(0);
    file.id = input.id.empty() ? new_id() : std::move(input.id);
    co_await check_quota(services, file.show_id, file.id, input.bytes.value_or(0));
    file.episode_id = std::move(input.episode_id);
    file.name = std::move(input.name);
    file.bytes = input.bytes;
    file.source = std::move(input.source);
    file.created_at = services.clock.now();
    file.created_by = actor.user_id;
    file.updated_at = file.created_at;
    file.updated_by = actor.user_id;
    db::Params params{file.id, file.episode_id, file.show_id, file.name};
    params.add(json::name_of(file.kind)).add(file.media_type).add(file.bytes);
    params.add(file.source ? std::optional{file.source->text} : std::nullopt);
    params.add(file.created_at).add(file.created_by).add(json::name_of(input.method));
    if (input.sha256) input.sha256 = to_lower(*input.sha256);
    params.add(input.kind.has_value()).add(input.sha256).add(input.metadata);
    params.add(file.created_at + services.files.settings.upload_lifetime);
    params.add(input.staged);
    FileUploadStarted const event{
        json::Raw{json::to_text(file)}, file.id, file.episode_id, file.name, actor.user_id
    };
    std::vector<events::Entry> entries;
    entries.push_back(events::make_entry(event, actor, subject_of(file), file.created_at));
    events::add_many(params, actor, entries);
    if (transaction != nullptr) {
        co_await transaction->run(insert_file, std::move(params));
    } else {
        co_await services.db.run(insert_file, std::move(params));
        services.tail.wake();
    }
    co_return file;
}

Task<> check_episode(api::Context& context, std::string episode_id) {
    db::Rows const rows =
        co_await context.services.db.run(find_episode_for_file, db::Params{episode_id});
    bool const visible =
        !rows.empty() && auth::allows(context.principal, auth::Action::read, rows.front().text(0));
    if (!visible) throw Error{Code::not_found, "There is no such episode."};
    context.require(auth::Action::write, rows.front().text(0));
}

Task<File> announce(api::Context& context, NewFile input) {
    if (input.sha256 &&
        input.sha256->find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
        throw invalid_field("sha256", "FORMAT", "must be 64 hex digits");
    }
    co_await check_episode(context, input.episode_id);
    File file =
        co_await announce(context.services, context.transaction(), context.actor, std::move(input));
    co_return file;
}

Task<Claim> claim(api::Services& services, std::string id) {
    // Before a lease is taken that nothing would come of.
    services.files.check_room();
    db::Params const params{id, services.clock.now()};
    db::Rows const claimed = co_await services.db.run(claim_upload, params);
    db::Rows const files = co_await services.db.run(find_file_of_upload, db::Params{id});
    if (files.empty()) throw Error{Code::not_found, "There is no such upload."};
    Claim found;
    found.file = db::read<File>(files.front());
    if (!claimed.empty()) {
        found.upload = db::read<Upload>(claimed.front());
        co_return found;
    }
    auto const upload = co_await find_upload(services, id);
    if (!upload || upload->expires_at <= services.clock.now()) throw gone(found.file);
    Error error{Code::locked, "UPLOAD_LOCKED", "Somebody else is writing this upload."};
    error.retry_after_s = 1;
    throw error;
}

Task<std::optional<Upload>> find_upload(api::Services& services, std::string id) {
    db::Rows const rows = co_await services.db.run(find_one, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    co_return db::read<Upload>(rows.front());
}

Task<> record_position(
    api::Services& services,
    Upload const& upload,
    blobs::Staged const& staged,
    std::string hash_state,
    Hold hold
) {
    db::Params params{upload.file_id, upload.lease, staged.offset, staged.state, hash_state};
    params.add(services.clock.now() + services.files.settings.upload_lifetime);
    params.add(hold == Hold::keep);
    db::Rows const rows = co_await services.db.run(move_upload, std::move(params));
    if (rows.empty()) throw upload_taken();
}

Task<> release(api::Services& services, Upload upload) {
    co_await services.db.run(release_upload, db::Params{upload.file_id, upload.lease});
}

Task<Completed> complete(
    api::Services& services, events::Actor const& actor, Claim claim, Content content
) {
    File file = std::move(claim.file);
    ++file.version;
    file.state = State::ready;
    file.bytes = content.bytes;
    file.sha256 = content.sha256;
    file.media_type = content.media_type;
    file.kind = content.kind;
    file.updated_at = services.clock.now();
    db::Params params{file.id, claim.upload.lease, content.key, content.sha256, content.bytes};
    params.add(file.media_type).add(json::name_of(file.kind)).add(file.updated_at);
    params.add(new_id()).add(services.files.store->name());
    FileUploaded const event{
        json::Raw{json::to_text(file)},
        file.id,
        file.episode_id,
        file.name,
        file.media_type,
        content.bytes,
        file.created_by
    };
    std::vector<events::Entry> entries;
    entries.push_back(events::make_entry(event, actor, subject_of(file), file.updated_at));
    events::add_many(params, actor, entries);
    db::Rows const rows = co_await services.db.run(complete_file, std::move(params));
    if (rows.empty()) throw upload_taken();
    services.tail.wake();
    co_return Completed{std::move(file), rows.front().get<std::string>(1)};
}

Task<bool> fail(
    api::Services& services, events::Actor const& actor, Claim claim, Error const& error
) {
    File file = std::move(claim.file);
    ++file.version;
    file.state = State::failed;
    std::string text = R"({"code":)";
    json::write(text, error.token);
    text += R"(,"message":)";
    json::write(text, std::string_view{error.what()});
    text += '}';
    file.error = json::Raw{text};
    file.updated_at = services.clock.now();
    db::Params params{file.id, claim.upload.lease, text, file.updated_at};
    FileFailed const event{
        json::Raw{json::to_text(file)},
        file.id,
        file.episode_id,
        file.name,
        error.token,
        error.what()
    };
    std::vector<events::Entry> entries;
    entries.push_back(events::make_entry(event, actor, subject_of(file), file.updated_at));
    events::add_many(params, actor, entries);
    db::Rows const rows = co_await services.db.run(fail_file, std::move(params));
    services.tail.wake();
    co_return !rows.empty();
}

}  // namespace showrunner::files
