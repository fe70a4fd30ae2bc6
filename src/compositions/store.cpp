#include "compositions/store.hpp"

#include "compositions/events.hpp"
#include "compositions/statements.hpp"
#include "compositions/templates.hpp"
#include "compositions/versions.hpp"
#include "db/described.hpp"
#include "files/files.hpp"

#include <algorithm>
#include <cmath>

namespace showrunner::compositions {

namespace {

using db::Query;

/// Each attempt lost to another change; so many in a row is a stampede, not a coincidence.
constexpr int attempts_max = 10;

Error busy() {
    Error error{Code::unavailable, "Too many people change this composition at once. Try again."};
    error.retry_after_s = 1;
    return error;
}

void check_version(Composition const& current, std::optional<int> version) {
    if (!version || *version == current.version) return;
    Error error{Code::version_mismatch, "The composition has changed since you read it."};
    error.current = json::to_text(current);
    error.etag = fmt::format("\"{}\"", current.version);
    throw error;
}

events::Subject subject_of(Composition const& composition) {
    return {composition.id, composition.episode_id, composition.show_id};
}

/// As events carry it.
json::Raw record_of(Composition composition) {
    composition.document.reset();
    return json::Raw{json::to_text(composition)};
}

void tidy(std::string& name) {
    constexpr std::string_view blank = " \t\r\n";
    name.erase(0, std::min(name.find_first_not_of(blank), name.size()));
    name.erase(name.find_last_not_of(blank) + 1);
}

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
    if (row.get<std::int64_t>(3) >= compositions_an_episode_max) {
        throw Error{
            Code::conflict,
            "TOO_MANY_COMPOSITIONS",
            fmt::format("An episode has at most {} compositions.", compositions_an_episode_max)
        };
    }
}

/// Pictures that the document has and `known` has not must be images of the show.
Task<> check_files(
    api::Context& context,
    Document const& document,
    std::vector<std::string> const& known,
    std::string_view show_id
) {
    for (std::string const& id : file_ids(document)) {
        if (std::ranges::count(known, id) > 0) continue;
        auto const found = co_await files::find(context, id);
        bool const usable = found && !found->file.deleted_at && found->file.show_id == show_id &&
                            found->file.kind == files::Kind::image;
        if (!usable) {
            throw invalid_field(
                "document.layers", "FILE_UNKNOWN", fmt::format("has {}, no image of the show", id)
            );
        }
    }
}

/// $1 to $4 of every statement that keeps a version.
db::Params version_params(
    api::Context const& context,
    std::optional<std::string> const& summary,
    std::vector<std::string> const& changed,
    std::optional<int> reverted_from = {}
) {
    db::Params params{summary};
    params.add(changed).add(reverted_from).add(context.actor.name);
    return params;
}

/// Puts `wanted` in place and notes the change, unless it is the same.
template <typename T>
void set(events::Changes& changes, std::string_view field, T& current, T const& wanted) {
    if (current == wanted) return;
    changes.add(field, json::to_text(current), json::to_text(wanted));
    current = wanted;
}

/// One attempt at a save: what is there, what will be, and what that changes.
struct Attempt {
    Composition before;
    Composition after;
    events::Changes changes;
    bool new_document = false;
};

/// Of documents only the versions are noted: each may be larger than an event should be.
void set_document(Attempt& attempt, std::string const& wanted, Document const& parsed) {
    Composition& after = attempt.after;
    if (with_defaults(parse_document(after.document->text)) == with_defaults(parsed)) return;
    attempt.new_document = true;
    attempt.changes.add(
        "document",
        fmt::format(R"({{"version":{}}})", attempt.before.document_version),
        fmt::format(R"({{"version":{}}})", attempt.before.version + 1)
    );
    after.document->text = wanted;
    after.document_version = attempt.before.version + 1;
    describe(after, parsed);
}

void merge(
    Attempt& attempt, UpdateComposition const& input, std::optional<Document> const& parsed
) {
    Composition& after = attempt.after;
    events::Changes& changes = attempt.changes;
    if (input.name) set(changes, "name", after.name, *input.name);
    if (input.primary) set(changes, "primary", after.primary, *input.primary);
    if (input.position) set(changes, "position", after.position, *input.position);
    if (parsed) set_document(attempt, input.document->text, *parsed);
    // What was approved is not what it is now.
    Status const from = attempt.new_document ? Status::draft : attempt.before.status;
    Status const to = input.status.value_or(from);
    if (to != from) check_move(from, to);
    set(changes, "status", after.status, to);
}

/// The composition that stops being the primary one, as it is before and after.
Task<std::optional<Attempt>> find_demoted(api::Context& context, Attempt const& attempt) {
    if (!attempt.after.primary || attempt.before.primary) co_return std::nullopt;
    db::Rows const rows = co_await context.read(find_primary, db::Params{attempt.after.episode_id});
    if (rows.empty()) co_return std::nullopt;
    Attempt demoted;
    demoted.before = db::read<Composition>(rows.front());
    demoted.after = demoted.before;
    set(demoted.changes, "primary", demoted.after.primary, false);
    demoted.after.version += 1;
    demoted.after.updated_at = attempt.after.updated_at;
    demoted.after.updated_by = attempt.after.updated_by;
    co_return demoted;
}

events::Entry updated_entry(
    Attempt const& attempt, std::optional<std::string> const& reason, events::Actor const& actor
) {
    Composition const& after = attempt.after;
    CompositionUpdated const event{
        record_of(after),
        after.id,
        after.episode_id,
        after.name,
        attempt.changes.fields(),
        after.version,
        actor.user_id,
        reason
    };
    return events::make_entry(event, actor, subject_of(after), after.updated_at, attempt.changes);
}

std::vector<events::Entry> entries_of(
    Attempt const& attempt,
    std::optional<std::string> const& reason,
    std::optional<int> reverted_from,
    events::Actor const& actor
) {
    Composition const& after = attempt.after;
    std::vector<events::Entry> entries;
    if (reverted_from) {
        CompositionReverted const event{
            record_of(after),
            after.id,
            after.episode_id,
            after.name,
            attempt.changes.fields(),
            after.version,
            *reverted_from,
            actor.user_id
        };
        entries.push_back(
            events::make_entry(event, actor, subject_of(after), after.updated_at, attempt.changes)
        );
    } else {
        entries.push_back(updated_entry(attempt, reason, actor));
    }
    bool const published =
        after.status == Status::published && attempt.before.status != after.status;
    if (published) {
        CompositionPublished const event{
            record_of(after), after.id, after.episode_id, after.name, after.version, actor.user_id
        };
        entries.push_back(events::make_entry(event, actor, subject_of(after), after.updated_at));
    }
    return entries;
}

/// False: somebody changed one of them meanwhile.
Task<bool> write(
    api::Context& context,
    Attempt const& attempt,
    std::optional<std::string> const& summary,
    Save const& save
) {
    auto const demoted = co_await find_demoted(context, attempt);
    auto entries =
        entries_of(attempt, save.reason ? save.reason : summary, save.reverted_from, context.actor);
    if (demoted) entries.push_back(updated_entry(*demoted, {}, context.actor));
    Composition const& after = attempt.after;
    db::Params params = version_params(
        context, save.reason ? save.reason : summary, attempt.changes.fields(), save.reverted_from
    );
    params.add(after.id)
        .add(attempt.before.version)
        .add(after.name)
        .add(json::name_of(after.status))
        .add(after.primary)
        .add(after.position)
        .add(after.width)
        .add(after.height)
        .add(after.formats)
        .add(after.updated_at)
        .add(after.updated_by);
    if (attempt.new_document) {
        params.add(after.document->text);
    } else {
        params.add(std::nullopt);
    }
    if (demoted) {
        params.add(demoted->before.id).add(demoted->before.version);
    } else {
        params.add(std::nullopt).add(std::nullopt);
    }
    events::add_many(params, context.actor, entries);
    db::Rows const rows = co_await context.write(update_composition, std::move(params));
    co_return !rows.empty();
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

Task<Composition> update(
    api::Context& context, std::string id, UpdateComposition input, Save save
) {
    if (input.name) tidy(*input.name);
    if (input.position && !(std::abs(*input.position) <= 1e9)) {
        throw invalid_field("position", "RANGE", "must be from -1e9 to 1e9");
    }
    std::optional<Document> parsed;
    if (input.document) parsed = parse_document(input.document->text);
    for (int attempts = 0; attempts < attempts_max; ++attempts) {
        Attempt attempt;
        attempt.before = co_await find_live(context, id);
        context.require(auth::Action::write, attempt.before.show_id);
        check_version(attempt.before, save.version);
        attempt.after = attempt.before;
        merge(attempt, input, parsed);
        if (attempt.new_document && !save.reverted_from) {
            auto const known = file_ids(parse_document(attempt.before.document->text));
            co_await check_files(context, *parsed, known, attempt.before.show_id);
        }
        if (attempt.changes.empty()) co_return attempt.before;
        attempt.after.version = attempt.before.version + 1;
        attempt.after.updated_at = context.services.clock.now();
        attempt.after.updated_by = context.actor.user_id;
        bool const written = co_await write(context, attempt, input.summary, save);
        if (written) co_return attempt.after;
        // Somebody changed it between the two statements: merge onto what they left.
    }
    throw busy();
}

Task<Composition> revert(
    api::Context& context, std::string id, int to, std::optional<int> version
) {
    Composition const current = co_await find_live(context, id);
    context.require(auth::Action::write, current.show_id);
    auto const former = co_await find_version(context, id, to);
    if (!former) throw no_such_version();
    UpdateComposition input;
    input.name = former->name;
    input.document = former->document;
    input.summary = fmt::format("Back to version {}", to);
    Save save;
    save.reverted_from = to;
    save.version = version;
    co_return co_await update(context, std::move(id), std::move(input), std::move(save));
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
