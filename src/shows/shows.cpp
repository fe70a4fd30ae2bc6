#include "shows/shows.hpp"

#include "base/text.hpp"
#include "db/described.hpp"
#include "shows/events.hpp"

namespace showrunner::shows {

namespace {

db::Query const list_shows{
    "list_shows",
    "SELECT " + db::columns_of<Show>() +
        " FROM shows WHERE ($1::uuid[] IS NULL OR id = ANY ($1)) ORDER BY lower(name), id LIMIT "
        "1000",
    db::Lane::scan
};

db::Query const list_show_ids{
    "list_show_ids", "SELECT id FROM shows ORDER BY id LIMIT 1000", db::Lane::scan
};

db::Query const find_show{
    "find_show", "SELECT " + db::columns_of<Show>() + " FROM shows WHERE id = $1", db::Lane::read
};

db::Query const insert_show{
    "insert_show",
    events::appending_one(
        "INSERT INTO shows (id, slug, name, requires_approval, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $5) RETURNING " +
            db::columns_of<Show>(),
        6
    ),
    db::Lane::change
};

bool is_slug(std::string_view slug) {
    return !slug.empty() && slug.front() != '-' &&
           std::all_of(slug.begin(), slug.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

}  // namespace

std::string slug_of(std::string_view name) {
    std::string slug;
    for (char const c : name) {
        char const lower = to_lower(c);
        bool const keeps = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        if (keeps) {
            slug += lower;
        } else if (!slug.empty() && slug.back() != '-') {
            slug += '-';
        }
    }
    slug.resize(std::min<std::size_t>(slug.size(), 63));
    while (slug.ends_with('-')) slug.pop_back();
    // A name without a Latin letter still needs an address.
    return slug.empty() ? "show-" + new_id().substr(24) : slug;
}

Task<std::vector<Show>> list(api::Context& context) {
    db::Params params;
    params.add(auth::visible_shows(context.principal));
    db::Rows const rows = co_await context.read(list_shows, std::move(params));
    std::vector<Show> shows;
    for (db::Row const row : rows) shows.push_back(db::read<Show>(row));
    co_return shows;
}

Task<std::vector<std::string>> list_ids(db::Pool& pool) {
    db::Rows const rows = co_await pool.run(list_show_ids);
    std::vector<std::string> ids;
    for (db::Row const row : rows) ids.push_back(row.get<std::string>(0));
    co_return ids;
}

Task<std::optional<Show>> find(api::Context& context, std::string_view id) {
    if (!auth::allows(context.principal, auth::Action::read, id)) co_return std::nullopt;
    db::Rows const rows = co_await context.read(find_show, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    co_return db::read<Show>(rows.front());
}

Task<Show> create(api::Context& context, CreateShow input) {
    context.require(auth::Action::administer);
    std::string const slug = input.slug.value_or(slug_of(input.name));
    if (!is_slug(slug)) {
        throw invalid_field("slug", "FORMAT", "must be lower-case letters, digits and dashes");
    }
    std::string const id = new_id();
    Time const now = context.services.clock.now();
    bool const requires_approval = input.requires_approval.value_or(false);
    ShowCreated const event{input.name, slug};
    db::Params params{id, slug, input.name, requires_approval, now};
    events::add_one(
        params, context.actor, events::make_entry(event, context.actor, {id, {}, id}, now)
    );
    db::Rows const rows = co_await context.write(insert_show, std::move(params));
    co_return db::read<Show>(rows.front());
}

}  // namespace showrunner::shows
