#include "files/keeper.hpp"

#include "base/log.hpp"
#include "db/described.hpp"
#include "files/depot.hpp"
#include "files/events.hpp"
#include "files/intake.hpp"
#include "files/records.hpp"
#include "files/uploads.hpp"

namespace showrunner::files {

namespace {

using db::Lane;
using db::Query;

constexpr metrics::Spec removed_total{
    "showrunner_files_removed_total",
    metrics::Kind::counter,
    "What was cleared away: expired uploads, purged files, blobs that nothing refers to, and "
    "strays "
    "(staged or not) that the store had and no record.",
    "what"
};
constexpr metrics::Spec missing_blobs{
    "showrunner_files_missing_blobs",
    metrics::Kind::gauge,
    "Blobs on record that the store does not have, as last compared."
};

constexpr std::chrono::minutes tidy_interval{1};
constexpr std::chrono::hours reconcile_interval{6};

/// Nothing younger is a stray: its record may be on the way.
constexpr std::chrono::hours stray_age{24};

constexpr int batch_max = 100;

Query const find_expired{
    "find_expired_uploads",
    "SELECT file_id FROM uploads WHERE expires_at < $1 AND (lease_until IS NULL OR lease_until < "
    "now()) ORDER BY expires_at LIMIT 100",
    Lane::read
};

Query const find_whole{
    "find_whole_uploads",
    "SELECT file_id FROM uploads WHERE position = bytes AND expires_at > $1 AND (lease_until IS "
    "NULL OR lease_until < now()) LIMIT 100",
    Lane::read
};

/// As claim_upload, of one that has expired.
Query const claim_expired{
    "claim_expired_upload",
    "UPDATE uploads SET lease = lease + 1, lease_until = now() + interval '60 s' WHERE file_id = "
    "$1 AND expires_at < $2 AND (lease_until IS NULL OR lease_until < now()) RETURNING " +
        db::columns_of<Upload>(),
    Lane::change
};

Query const purge{
    "purge_deleted_files",
    "WITH old AS (SELECT f.id FROM files f WHERE f.deleted_at < $1 AND f.blob_id IS NOT NULL ORDER "
    "BY f.deleted_at LIMIT 100 FOR UPDATE SKIP LOCKED), purged AS (UPDATE files f SET blob_id = "
    "NULL, version = f.version + 1 FROM old WHERE f.id = old.id RETURNING f.id, f.id AS file_id, "
    "f.name AS file_name, f.episode_id, f.show_id)" +
        events::appending_rows<FilePurged>("appended", "purged", 2, 3) +
        " SELECT count(*) FROM purged",
    Lane::change
};

// A record may take it up again until this moment: that moves touched_at.
Query const forget_unused{
    "forget_unused_blobs",
    "DELETE FROM blobs WHERE id IN (SELECT id FROM blobs WHERE store = $1 AND touched_at < now() - "
    "interval '1 hour' AND NOT blob_in_use(id) LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING key",
    Lane::change
};

Query const unknown_keys{
    "find_unknown_blob_keys",
    "SELECT k FROM unnest($2::text[]) AS k WHERE NOT EXISTS (SELECT FROM blobs WHERE store = $1 "
    "AND key = k)",
    Lane::scan
};

Query const unknown_uploads{
    "find_unknown_uploads",
    "SELECT k FROM unnest($1::text[]) AS k WHERE NOT EXISTS (SELECT FROM uploads WHERE file_id = "
    "k::uuid)",
    Lane::scan
};

Query const known_blobs{
    "list_known_blobs",
    "SELECT key, bytes FROM blobs WHERE store = $1 AND key > $2 AND created_at < now() - interval "
    "'1 hour' ORDER BY key LIMIT 500",
    Lane::scan
};

}  // namespace

Keeper::Keeper(api::Services& services) : services_{services} {
    services.metrics.declare(removed_total);
    services.metrics.declare(missing_blobs);
}

Task<> Keeper::tidy() {
    for (;;) {
        co_await complete_uploads();
        co_await expire_uploads();
        co_await purge_deleted();
        co_await remove_unused();
        co_await sleep_for(tidy_interval);
    }
}

Task<> Keeper::reconcile() {
    for (;;) {
        co_await sleep_for(reconcile_interval);
        co_await compare();
    }
}

Task<> Keeper::compare() {
    co_await remove_strays();
    co_await remove_staged_strays();
    co_await find_missing();
}

Task<> Keeper::complete_uploads() {
    db::Params params{services_.clock.now()};
    db::Rows const whole = co_await services_.db.run(find_whole, std::move(params));
    for (db::Row const row : whole) {
        std::string const id = row.get<std::string>(0);
        std::exception_ptr const failed = co_await outcome_of(complete_whole(services_, {}, id));
        if (failed) {
            log::warning("upload_not_completed", {{"file_id", id}, {"error", what_failed(failed)}});
        }
    }
}

Task<> Keeper::expire_uploads() {
    Time const now = services_.clock.now();
    db::Rows const expired = co_await services_.db.run(find_expired, db::Params{now});
    metrics::Counter& removed = services_.metrics.counter(removed_total, "expired_upload");
    for (db::Row const row : expired) {
        std::string const id = row.get<std::string>(0);
        db::Rows const claimed = co_await services_.db.run(claim_expired, db::Params{id, now});
        auto const stored = co_await find_stored(services_, id);
        if (claimed.empty() || !stored) continue;
        Claim claim{stored->file, db::read<Upload>(claimed.front())};
        blobs::Staged const staged{
            id, static_cast<std::uint64_t>(claim.upload.position), claim.upload.staged
        };
        Error const error{Code::gone, "UPLOAD_EXPIRED", "Nobody went on with the upload."};
        bool const ours = co_await fail(services_, {}, std::move(claim), error);
        if (!ours) continue;
        co_await services_.files.store->abort(staged);
        services_.files.meters.failed.add();
        removed.add();
    }
}

Task<> Keeper::purge_deleted() {
    metrics::Counter& removed = services_.metrics.counter(removed_total, "purged_file");
    for (;;) {
        Time const now = services_.clock.now();
        std::vector<std::string> ids;
        for (int i = 0; i < batch_max; ++i) ids.push_back(new_id());
        db::Params params{now - services_.files.settings.keep_deleted, ids, to_rfc3339(now)};
        db::Rows const rows = co_await services_.db.run(purge, std::move(params));
        auto const count = rows.front().get<std::int64_t>(0);
        removed.add(static_cast<std::uint64_t>(count));
        if (count > 0) services_.tail.wake();
        if (count < batch_max) co_return;
    }
}

Task<> Keeper::remove_unused() {
    metrics::Counter& removed = services_.metrics.counter(removed_total, "unused_blob");
    blobs::Store& store = *services_.files.store;
    for (;;) {
        db::Rows const rows = co_await services_.db.run(forget_unused, db::Params{store.name()});
        for (db::Row const row : rows) {
            co_await store.remove(row.get<std::string>(0));
            removed.add();
        }
        if (rows.size() < batch_max) co_return;
    }
}

Task<> Keeper::remove_strays() {
    metrics::Counter& removed = services_.metrics.counter(removed_total, "stray_blob");
    blobs::Store& store = *services_.files.store;
    std::string cursor;
    do {
        blobs::Listing const listing = co_await store.list(cursor, 500);
        cursor = listing.next_cursor;
        std::vector<std::string> old;
        Time const young = services_.clock.now() - stray_age;
        for (blobs::Item const& item : listing.items) {
            if (item.modified < young) old.push_back(item.key);
        }
        if (old.empty()) continue;
        db::Rows const rows =
            co_await services_.db.run(unknown_keys, db::Params{store.name(), old});
        for (db::Row const row : rows) {
            std::string const key = row.get<std::string>(0);
            log::warning("stray_blob_removed", {{"key", key}});
            co_await store.remove(key);
            removed.add();
        }
    } while (!cursor.empty());
}

Task<> Keeper::remove_staged_strays() {
    metrics::Counter& removed = services_.metrics.counter(removed_total, "stray_upload");
    blobs::Store& store = *services_.files.store;
    std::string cursor;
    do {
        blobs::Listing const listing = co_await store.list_staged(cursor, 500);
        cursor = listing.next_cursor;
        std::map<std::string, blobs::Item> old;
        Time const young = services_.clock.now() - stray_age;
        std::vector<std::string> ids;
        for (blobs::Item const& item : listing.items) {
            if (item.modified >= young) continue;
            ids.push_back(item.key);
            old[item.key] = item;
        }
        if (old.empty()) continue;
        db::Rows const rows = co_await services_.db.run(unknown_uploads, db::Params{ids});
        for (db::Row const row : rows) {
            blobs::Item const& item = old[row.get<std::string>(0)];
            log::warning("stray_upload_removed", {{"id", item.key}});
            co_await store.abort_stray(item);
            removed.add();
        }
    } while (!cursor.empty());
}

Task<> Keeper::find_missing() {
    blobs::Store& store = *services_.files.store;
    std::string after;
    std::uint64_t missing = 0;
    for (;;) {
        db::Rows const rows =
            co_await services_.db.run(known_blobs, db::Params{store.name(), after});
        for (db::Row const row : rows) {
            after = row.get<std::string>(0);
            auto const size = co_await store.size(after);
            if (size == static_cast<std::uint64_t>(row.get<std::int64_t>(1))) continue;
            ++missing;
            log::error("blob_missing", {{"key", after}, {"there", size.has_value()}});
        }
        if (rows.empty()) break;
    }
    services_.metrics.gauge(missing_blobs).set(static_cast<double>(missing));
}

}  // namespace showrunner::files
