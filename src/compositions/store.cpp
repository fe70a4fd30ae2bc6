#include "compositions/store.hpp"

#include "compositions/change.hpp"
#include "compositions/events.hpp"
#include "compositions/statements.hpp"
#include "compositions/templates.hpp"
#include "db/described.hpp"

namespace showrunner::compositions {

namespace {

/// The document that a new composition begins with.
Task<std::string> first_document(
    api::Context& context, CreateComposition const& input, std::string_view show_id
) {
    int const given =
        (input.document ? 1 : 0) + (input.template_id ? 1 : 0) + (input.copy_of ? 1 : 0);
    if (given > 1) {
        throw invalid_field(
            "document", "AMBIGUOUS", "is given, or template_id, or copy_of: one of them"
        );
    }
    if (input.document) co_return input.document->text;
    if (input.template_id) {
        auto const found = co_await find_template(context, *input.template_id);
        if (!found) throw invalid_field("template_id", "UNKNOWN", "is not a template");
        co_return found->document->text;
    }
    if (input.copy_of) {
        auto const found = co_await find(context, *input.copy_of);
        bool const usable = found && found->show_id == show_id;
        if (!usable) throw invalid_field("copy_of", "UNKNOWN", "is not a composition of the show");
        co_return found->document->text;
    }
    co_return std::string{empty_document()};
}

/// `live`: how many its episode has, without the one that comes.
void check_room(std::int64_t live) {
    if (live < compositions_an_episode_max) return;
    throw Error{
        Code::conflict,
        "TOO_MANY_COMPOSITIONS",
        fmt::format("An episode has at most {} compositions.", compositions_an_episode_max)
    };
}

/// Where in its episode a new composition goes.
Task<> place(api::Context& context, Composition& composition) {
    db::Rows const rows = co_await context.read(find_place, db::Params{composition.episode_id});
    if (rows.empty() || rows.front().get<bool>(1) ||
        !auth::allows(context.principal, auth::Action::read, rows.front().text(0))) {
        throw invalid_field("episode_id", "EPISODE_UNKNOWN", "is not an episode");
    }
    db::Row const row = rows.front();
    composition.show_id = row.get<std::string>(0);
    context.require(auth::Action::write, composition.show_id);
    composition.position = row.get<double>(2);
    check_room(row.get<std::int64_t>(3));
}

}  // namespace

std::string const& columns_with_document() {
    static std::string const text = db::columns_of<Composition>("c");
    return text;
}

std::string const& columns() {
    static std::string const text = [] {
        // It is the last one.
        std::string const& all = columns_with_document();
        return all.substr(0, all.rfind("c.document")) + "NULL::json";
    }();
    return text;
}

Error not_found() {
    return Error{Code::not_found, "There is no such composition."};
}

Task<std::optional<Composition>> find(api::Context& context, std::string_view id) {
    db::Rows const rows = co_await context.read(find_composition, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    auto composition = db::read<Composition>(rows.front());
    // What a user may not see is not there.
    bool const visible = auth::allows(context.principal, auth::Action::read, composition.show_id);
    if (!visible) co_return std::nullopt;
    co_return composition;
}

Task<Composition> find_live(api::Context& context, std::string_view id) {
    auto found = co_await find(context, id);
    if (!found || found->deleted_at) throw not_found();
    co_return std::move(*found);
}

Task<Composition> create(api::Context& context, CreateComposition input) {
    tidy(input.name);
    Composition composition;
    composition.id = new_id();
    composition.episode_id = input.episode_id;
    composition.name = input.name;
    co_await place(context, composition);
    std::string document = co_await first_document(context, input, composition.show_id);
    Document const parsed = parse_document(document);
    if (input.document) co_await check_files(context, parsed, {}, composition.show_id);
    describe(composition, parsed);
    composition.document = json::Raw{std::move(document)};
    composition.created_at = context.services.clock.now();
    composition.created_by = context.actor.user_id;
    composition.updated_at = composition.created_at;
    composition.updated_by = composition.created_by;

    events::Changes changes;
    changes.add("name", "null", json::to_text(composition.name));
    changes.add("status", "null", json::to_text(composition.status));
    changes.add("document", "null", R"({"version":1})");
    CompositionCreated const event{
        record_of(composition),
        composition.id,
        composition.episode_id,
        composition.name,
        composition.version,
        context.actor.user_id
    };
    std::vector<events::Entry> const entries{events::make_entry(
        event, context.actor, subject_of(composition), composition.created_at, changes
    )};
    db::Params params = version_params(context, input.summary, changes.fields());
    params.add(composition.id)
        .add(composition.episode_id)
        .add(composition.show_id)
        .add(composition.name)
        .add(composition.position)
        .add(composition.width)
        .add(composition.height)
        .add(composition.formats)
        .add(composition.created_at)
        .add(composition.created_by)
        .add(composition.document->text);
    events::add_many(params, context.actor, entries);
    co_await context.write(insert_composition, std::move(params));
    co_return composition;
}

Task<> remove(api::Context& context, std::string id, std::optional<int> version) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        Composition const composition = co_await find_live(context, id);
        context.require(auth::Action::write, composition.show_id);
        check_version(composition, version);
        Time const now = context.services.clock.now();
        CompositionDeleted const event{
            id,
            composition.episode_id,
            composition.name,
            context.actor.user_id,
            composition.version + 1
        };
        std::vector<events::Entry> const entries{
            events::make_entry(event, context.actor, subject_of(composition), now)
        };
        db::Params params = version_params(context, {}, {"deleted_at"});
        params.add(id).add(composition.version).add(now).add(context.actor.user_id);
        events::add_many(params, context.actor, entries);
        db::Rows const rows = co_await context.write(delete_composition, std::move(params));
        if (!rows.empty()) co_return;
    }
    throw busy();
}

Task<Composition> restore(api::Context& context, std::string id) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(context, id);
        if (!found) throw not_found();
        Composition& composition = *found;
        context.require(auth::Action::write, composition.show_id);
        if (!composition.deleted_at) {
            throw Error{Code::conflict, "NOT_DELETED", "The composition is not deleted."};
        }
        db::Rows const others =
            co_await context.read(find_place, db::Params{composition.episode_id});
        if (!others.empty()) check_room(others.front().get<std::int64_t>(3));
        int const version = composition.version++;
        composition.deleted_at.reset();
        composition.updated_at = context.services.clock.now();
        composition.updated_by = context.actor.user_id;
        CompositionRestored const event{
            record_of(composition),
            id,
            composition.episode_id,
            composition.name,
            composition.version,
            context.actor.user_id
        };
        std::vector<events::Entry> const entries{events::make_entry(
            event, context.actor, subject_of(composition), composition.updated_at
        )};
        db::Params params = version_params(context, {}, {"deleted_at"});
        params.add(id).add(version).add(composition.updated_at).add(composition.updated_by);
        events::add_many(params, context.actor, entries);
        db::Rows const rows = co_await context.write(restore_composition, std::move(params));
        if (!rows.empty()) co_return composition;
    }
    throw busy();
}

}  // namespace showrunner::compositions
