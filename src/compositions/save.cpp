// Saving: what is there, what will be, and what that changes, until nobody is faster.
#include "compositions/change.hpp"
#include "compositions/events.hpp"
#include "compositions/statements.hpp"
#include "compositions/versions.hpp"
#include "db/described.hpp"

#include <cmath>

namespace showrunner::compositions {

namespace {

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

}  // namespace showrunner::compositions
