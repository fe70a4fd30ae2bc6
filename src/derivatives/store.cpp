#include "derivatives/store.hpp"

#include "db/described.hpp"
#include "files/files.hpp"

namespace showrunner::derivatives {

namespace {

using db::Lane;
using db::Query;

/// On its way to PostgreSQL.
struct Record {
    Role role = Role::thumbnail;
    int width = 0;
    int height = 0;
    std::string media_type;
    State state = State::ready;
    std::optional<json::Raw> error;
    std::optional<std::string> blob_id;
};
BOOST_DESCRIBE_STRUCT(Record, (), (role, width, height, media_type, state, error, blob_id))

Query const replace_derivatives{
    "replace_derivatives",
    "WITH made AS (SELECT * FROM json_to_recordset($2::json) AS r(role derivative_role, width int, "
    "height int, media_type text, state derivative_state, error jsonb, blob_id uuid)), "
    "here AS (SELECT id FROM files WHERE id = $1 AND deleted_at IS NULL AND blob_id IS NOT NULL "
    "FOR KEY SHARE), "
    "gone AS (DELETE FROM file_derivatives d USING here WHERE d.file_id = here.id AND NOT EXISTS "
    "(SELECT FROM made m WHERE m.role = d.role AND m.width = d.width)), "
    "kept AS (INSERT INTO file_derivatives (file_id, role, width, height, media_type, state, "
    "error, blob_id, made_at) SELECT here.id, m.role, m.width, m.height, m.media_type, m.state, "
    "m.error, m.blob_id, $3 FROM here, made m ON CONFLICT (file_id, role, width) DO UPDATE SET "
    "height = excluded.height, media_type = excluded.media_type, state = excluded.state, error = "
    "excluded.error, blob_id = excluded.blob_id, made_at = excluded.made_at) "
    "SELECT id FROM here",
    Lane::change
};

Query const find_derivatives{
    "find_derivatives",
    "SELECT d.role, d.width, d.height, d.media_type, d.state, d.error, d.blob_id, d.made_at, "
    "b.key, "
    "b.sha256, b.bytes FROM file_derivatives d LEFT JOIN blobs b ON b.id = d.blob_id WHERE "
    "d.file_id = $1 AND d.role = ANY ($2::derivative_role[]) ORDER BY d.width",
    Lane::read
};

Record record_of(Made const& made) {
    Record record{
        .role = made.role,
        .width = made.width,
        .height = made.height,
        .media_type = made.media_type,
        .error = {},
        .blob_id = {},
    };
    if (made.error) {
        bool const unavailable = made.error->kind == media::Failure::unavailable;
        record.state = unavailable ? State::unavailable : State::failed;
        record.error = json::Raw{json::to_text(*made.error)};
    }
    return record;
}

std::string url_of(std::string_view file_id, Derivative const& made, std::string_view sha256) {
    std::string_view const place =
        made.role == Role::poster ? std::string_view{"preview"} : json::name_of(made.role);
    std::string url = fmt::format("/api/v1/files/{}/{}?", file_id, place);
    if (made.role == Role::thumbnail) url += fmt::format("width={}&", made.width);
    return url.append("v=").append(sha256.substr(0, version_digits));
}

}  // namespace

Task<std::optional<std::vector<Derivative>>> keep(
    api::Services& services, std::string file_id, std::vector<Made> made
) {
    std::vector<Derivative> derivatives;
    std::vector<Record> records;
    for (Made const& each : made) {
        Record& record = records.emplace_back(record_of(each));
        Derivative& shown = derivatives.emplace_back(Derivative{
            .role = record.role,
            .state = record.state,
            .width = record.width,
            .height = record.height,
            .media_type = record.media_type,
            .url = {},
            .error = each.error,
        });
        if (each.error) continue;
        files::Blob const blob = co_await files::keep_blob(services, each.path);
        record.blob_id = blob.id;
        shown.bytes = blob.bytes;
        shown.url = url_of(file_id, shown, blob.sha256);
    }
    db::Params params{file_id, json::to_text(records), services.clock.now()};
    db::Rows const rows = co_await services.db.run(replace_derivatives, std::move(params));
    if (rows.empty()) co_return std::nullopt;
    co_return derivatives;
}

Task<std::vector<Kept>> find(
    api::Services& services, std::string file_id, std::vector<Role> roles
) {
    std::vector<std::string> names;
    names.reserve(roles.size());
    for (Role const role : roles) names.emplace_back(json::name_of(role));
    db::Rows const rows = co_await services.db.run(find_derivatives, db::Params{file_id, names});
    std::vector<Kept> kept;
    for (db::Row const row : rows) kept.push_back(db::read<Kept>(row));
    co_return kept;
}

}  // namespace showrunner::derivatives
