#include "compositions/versions.hpp"

#include "db/described.hpp"

#include <charconv>

namespace showrunner::compositions {

namespace {

using db::Lane;

/// All but the document.
std::string const& version_columns() {
    static std::string const text = [] {
        std::string const all = db::columns_of<Version>("v");
        return all.substr(0, all.rfind("v.document"));
    }();
    return text;
}

db::Query const page_of_versions{
    "list_composition_versions",
    "SELECT " + version_columns() +
        "NULL::json FROM composition_versions v WHERE v.composition_id = $1 "
        "AND ($2::int IS NULL OR v.version < $2) "
        "AND (NOT $3::boolean OR v.document_version = v.version) "
        "ORDER BY v.version DESC LIMIT $4::int",
    Lane::scan
};

db::Query const find_one{
    "find_composition_version",
    "SELECT " + version_columns() +
        "d.document FROM composition_versions v JOIN composition_versions d "
        "ON d.composition_id = v.composition_id AND d.version = v.document_version "
        "WHERE v.composition_id = $1 AND v.version = $2",
    Lane::read
};

int version_of(std::string const& text) {
    int number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw invalid_field("cursor", "CURSOR", "is not a cursor of this list");
    }
    return number;
}

}  // namespace

Task<VersionPage> list_versions(api::Context& context, std::string id, ListVersions query) {
    int const limit = query.limit.value_or(20);
    std::optional<int> before;
    if (query.cursor) before = version_of(api::read_cursor(*query.cursor, "-version", 1)[0]);
    db::Params params{id, before, query.saved.value_or(false), limit + 1};
    db::Rows const rows = co_await context.read(page_of_versions, std::move(params));
    VersionPage page;
    page.pagination.limit = limit;
    for (db::Row const row : rows) {
        if (static_cast<int>(page.versions.size()) == limit) {
            page.pagination.next_cursor =
                api::make_cursor("-version", {std::to_string(page.versions.back().version)});
            break;
        }
        page.versions.push_back(db::read<Version>(row));
    }
    co_return page;
}

Task<std::optional<Version>> find_version(api::Context& context, std::string id, int version) {
    db::Rows const rows = co_await context.read(find_one, db::Params{id, version});
    if (rows.empty()) co_return std::nullopt;
    co_return db::read<Version>(rows.front());
}

Error no_such_version() {
    return Error{Code::not_found, "The composition has no such version."};
}

}  // namespace showrunner::compositions
