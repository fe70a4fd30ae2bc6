#include "compositions/statements.hpp"

#include "compositions/store.hpp"
#include "events/ledger.hpp"

namespace showrunner::compositions {

namespace {

using db::Lane;

/// A version for each row of `from`, as it is after the change.
std::string versions_of(std::string_view from, std::string_view values) {
    return fmt::format(
        "SELECT id, version, name, status, \"primary\", {1}, document_version, updated_at, "
        "updated_by, $4::text, CASE WHEN document_version = version THEN document END FROM {0}",
        from,
        values
    );
}

constexpr std::string_view of_the_save = "$1::text, $2::text[], $3::int";

std::string keep_version(std::string_view more = {}) {
    return "INSERT INTO composition_versions (composition_id, version, name, status, \"primary\", "
           "summary, changed_fields, reverted_from, document_version, created_at, created_by, "
           "created_by_name, document) " +
           versions_of("made", of_the_save) + std::string{more} + " RETURNING composition_id AS id";
}

}  // namespace

db::Query const find_composition{
    "find_composition",
    "SELECT " + columns_with_document() +
        " FROM compositions c JOIN episodes e ON e.id = c.episode_id AND e.deleted_at IS NULL "
        "WHERE c.id = $1",
    Lane::read
};

db::Query const find_place{
    "find_composition_place",
    "SELECT e.show_id, e.deleted_at IS NOT NULL, "
    "(SELECT coalesce(max(position), 0) + 1 FROM compositions WHERE episode_id = e.id), "
    "(SELECT count(*) FROM compositions WHERE episode_id = e.id AND deleted_at IS NULL) "
    "FROM episodes e WHERE e.id = $1",
    Lane::read
};

db::Query const find_primary{
    "find_primary_composition",
    "SELECT " + columns() + " FROM compositions c WHERE c.episode_id = $1 AND c.primary",
    Lane::read
};

db::Query const insert_composition{
    "insert_composition",
    events::appending_many(
        keep_version(),
        16,
        "made AS (INSERT INTO compositions (id, episode_id, show_id, name, position, width, "
        "height, formats, created_at, created_by, updated_at, updated_by, document) "
        "VALUES ($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $13, $14, $15) RETURNING *), "
    ),
    Lane::insert
};

// The row is locked before the primary one steps back: either both change or neither.
db::Query const update_composition{
    "update_composition",
    events::appending_many(
        keep_version(" UNION ALL " + versions_of("demoted", "NULL, ARRAY['primary'], NULL::int")),
        19,
        "target AS (SELECT id FROM compositions WHERE id = $5 AND version = $6 "
        "AND deleted_at IS NULL FOR UPDATE), "
        "demoted AS (UPDATE compositions SET \"primary\" = false, version = version + 1, "
        "updated_at = $14, updated_by = $15 WHERE id = $17::uuid AND version = $18::int "
        "AND \"primary\" AND EXISTS (SELECT 1 FROM target) RETURNING *), "
        "made AS (UPDATE compositions SET name = $7, status = $8, \"primary\" = $9, "
        "position = $10, width = $11, height = $12, formats = $13, updated_at = $14, "
        "updated_by = $15, document = coalesce($16::json, document), "
        "document_version = CASE WHEN $16::json IS NULL THEN document_version ELSE version + 1 "
        "END, "
        "version = version + 1 WHERE id IN (SELECT id FROM target) "
        "AND ($17::uuid IS NULL OR EXISTS (SELECT 1 FROM demoted)) RETURNING *), "
    ),
    Lane::change
};

db::Query const delete_composition{
    "delete_composition",
    events::appending_many(
        keep_version(),
        9,
        "made AS (UPDATE compositions SET deleted_at = $7, \"primary\" = false, updated_at = $7, "
        "updated_by = $8, version = version + 1 WHERE id = $5 AND version = $6 "
        "AND deleted_at IS NULL RETURNING *), "
    ),
    Lane::change
};

db::Query const restore_composition{
    "restore_composition",
    events::appending_many(
        keep_version(),
        9,
        "made AS (UPDATE compositions SET deleted_at = NULL, updated_at = $7, updated_by = $8, "
        "version = version + 1 WHERE id = $5 AND version = $6 AND deleted_at IS NOT NULL "
        "RETURNING *), "
    ),
    Lane::change
};

}  // namespace showrunner::compositions
