#include "compositions/renders.hpp"

#include "db/described.hpp"

#include <sodium.h>

namespace showrunner::compositions {

namespace {

using db::Lane;

db::Query const find_drawn{
    "find_composition_source",
    "SELECT d.document, v.document_version, v.name, c.episode_id, c.show_id "
    "FROM composition_versions v JOIN composition_versions d "
    "ON d.composition_id = v.composition_id AND d.version = v.document_version "
    "JOIN compositions c ON c.id = v.composition_id AND c.deleted_at IS NULL "
    "JOIN episodes e ON e.id = c.episode_id AND e.deleted_at IS NULL "
    "WHERE v.composition_id = $1 AND v.version = $2",
    Lane::read
};

db::Query const find_number{
    "find_composition_document_version",
    "SELECT document_version FROM composition_versions WHERE composition_id = $1 AND version = $2",
    Lane::read
};

db::Query const read_preview{
    "find_composition_preview",
    "SELECT encode(picture, 'hex'), failure FROM composition_previews "
    "WHERE composition_id = $1 AND document_version = $2",
    Lane::read
};

db::Query const insert_preview{
    "insert_composition_preview",
    "INSERT INTO composition_previews (composition_id, document_version, picture, failure, "
    "created_at) VALUES ($1, $2, decode($3, 'hex'), $4, $5) "
    "ON CONFLICT (composition_id, document_version) DO UPDATE SET picture = excluded.picture, "
    "failure = excluded.failure, created_at = excluded.created_at",
    Lane::change
};

db::Query const delete_failed_preview{
    "delete_failed_composition_preview",
    "DELETE FROM composition_previews WHERE composition_id = $1 AND document_version = $2 "
    "AND failure IS NOT NULL",
    Lane::change
};

db::Query const find_one{
    "find_composition_render",
    "SELECT " + db::columns_of<Render>("r") +
        " FROM composition_renders r JOIN files f ON f.id = r.file_id AND f.deleted_at IS NULL "
        "AND f.state = 'ready' WHERE r.composition_id = $1 AND r.document_version = $2 "
        "AND r.format = $3 AND r.image_format = $4 AND r.quality = $5",
    Lane::read
};

db::Query const put_render{
    "put_composition_render",
    "INSERT INTO composition_renders (composition_id, document_version, format, image_format, "
    "quality, file_id, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
    "ON CONFLICT (composition_id, document_version, format, image_format, quality) DO UPDATE "
    "SET file_id = excluded.file_id, sha256 = excluded.sha256, created_at = excluded.created_at",
    Lane::change
};

db::Query const page_of_renders{
    "list_composition_renders",
    "SELECT " + db::columns_of<Render>("r") +
        " FROM composition_renders r JOIN files f ON f.id = r.file_id AND f.deleted_at IS NULL "
        "AND f.state = 'ready' WHERE r.composition_id = $1 "
        "ORDER BY r.created_at DESC, r.format, r.image_format LIMIT 200",
    Lane::scan
};

std::string hex(std::string_view bytes) {
    std::string out(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(
        out.data(), out.size(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size()
    );
    out.pop_back();
    return out;
}

std::string unhex(std::string_view text) {
    std::string out(text.size() / 2, '\0');
    std::size_t length = 0;
    sodium_hex2bin(
        reinterpret_cast<unsigned char*>(out.data()),
        out.size(),
        text.data(),
        text.size(),
        nullptr,
        &length,
        nullptr
    );
    out.resize(length);
    return out;
}

}  // namespace

Task<std::optional<Source>> find_source(
    api::Services& services, std::string composition_id, int version
) {
    db::Rows const rows = co_await services.db.run(find_drawn, db::Params{composition_id, version});
    if (rows.empty()) co_return std::nullopt;
    db::Row const row = rows.front();
    Source source;
    source.document = parse_document(row.text(0));
    source.document_version = row.get<int>(1);
    source.name = row.get<std::string>(2);
    source.episode_id = row.get<std::string>(3);
    source.show_id = row.get<std::string>(4);
    co_return source;
}

Task<std::optional<int>> find_document_version(
    api::Context& context, std::string composition_id, int version
) {
    db::Rows const rows = co_await context.read(find_number, db::Params{composition_id, version});
    if (rows.empty()) co_return std::nullopt;
    co_return rows.front().get<int>(0);
}

Task<std::optional<Preview>> find_preview(
    api::Context& context, std::string composition_id, int document_version
) {
    db::Rows const rows =
        co_await context.read(read_preview, db::Params{composition_id, document_version});
    if (rows.empty()) co_return std::nullopt;
    Preview preview;
    preview.failure = rows.front().get<std::optional<std::string>>(1);
    if (!preview.failure) preview.picture = unhex(rows.front().text(0));
    co_return preview;
}

Task<> keep_preview(
    api::Services& services, std::string composition_id, int document_version, Preview preview
) {
    std::optional<std::string> picture;
    if (preview.picture) picture = hex(*preview.picture);
    db::Params params{composition_id, document_version, picture, preview.failure};
    params.add(services.clock.now());
    co_await services.db.run(insert_preview, std::move(params));
}

Task<> forget_failed_preview(
    api::Context& context, std::string composition_id, int document_version
) {
    db::Params params{composition_id, document_version};
    co_await context.write(delete_failed_preview, std::move(params));
}

Task<std::optional<Render>> find_render(
    api::Services& services, std::string composition_id, Render render
) {
    db::Params params{composition_id, render.document_version, render.format};
    params.add(json::name_of(render.image_format)).add(render.quality);
    db::Rows const rows = co_await services.db.run(find_one, std::move(params));
    if (rows.empty()) co_return std::nullopt;
    co_return db::read<Render>(rows.front());
}

Task<> keep_render(api::Services& services, std::string composition_id, Render render) {
    db::Params params{composition_id, render.document_version, render.format};
    params.add(json::name_of(render.image_format))
        .add(render.quality)
        .add(render.file_id)
        .add(render.sha256)
        .add(render.created_at);
    co_await services.db.run(put_render, std::move(params));
}

Task<std::vector<Render>> list_renders(api::Context& context, std::string composition_id) {
    db::Rows const rows = co_await context.read(page_of_renders, db::Params{composition_id});
    std::vector<Render> all;
    for (db::Row const row : rows) all.push_back(db::read<Render>(row));
    co_return all;
}

std::string file_name(
    std::string_view composition, std::string_view format, std::string_view extension
) {
    // Bytes: a name of 200 characters of four would be longer than a file may be called.
    std::string base;
    for (char const c : composition.substr(0, 160)) {
        auto const byte = static_cast<unsigned char>(c);
        base += byte < 0x20 || c == '/' || c == '\\' || byte == 0x7f ? '-' : c;
    }
    // Not within a character.
    std::size_t end = base.size();
    while (composition.size() > 160 && end > 0 &&
           (static_cast<unsigned char>(composition[end]) & 0xc0U) == 0x80U) {
        --end;
    }
    base.resize(end);
    return fmt::format("{} {}.{}", base, format, extension);
}

}  // namespace showrunner::compositions
