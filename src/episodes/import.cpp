#include "episodes/import.hpp"

#include "base/text.hpp"
#include "db/described.hpp"
#include "episodes/store.hpp"
#include "episodes/table.hpp"
#include "shows/shows.hpp"

#include <map>
#include <unordered_set>

namespace showrunner::episodes {

namespace {

constexpr std::size_t batch_rows_max = 200;
constexpr std::size_t errors_max = 100;
/// In a dry run: numbers of the file itself, to find the same one twice.
constexpr std::size_t seen_max = 2'000'000;

/// A row of the table; the names of CreateEpisode, and the show by name.
struct ImportRow {
    static constexpr auto rules = episode_rules;
    std::optional<std::string> show;
    std::optional<std::string> show_id;
    std::optional<int> season_number;
    int episode_number = 0;
    std::string title;
    std::optional<std::string> description;
    std::optional<std::string> air_date;
    std::vector<std::string> categories;
    std::optional<Status> status;
    std::optional<json::Raw> metadata;
};
BOOST_DESCRIBE_STRUCT(
    ImportRow,
    (),
    (show,
     show_id,
     season_number,
     episode_number,
     title,
     description,
     air_date,
     categories,
     status,
     metadata)
)

db::Query const insert_batch{
    "import_episodes",
    events::appending_many(
        "INSERT INTO episodes (id, show_id, season_number, episode_number, title, description, "
        "air_date, categories, status, metadata, created_at, created_by, updated_at, updated_by) "
        "SELECT r.id, r.show_id, r.season_number, r.episode_number, r.title, r.description, "
        "r.air_date, r.categories, r.status, r.metadata, r.created_at, r.created_by, r.updated_at, "
        "r.updated_by FROM json_to_recordset($1::json) AS r(id uuid, show_id uuid, "
        "season_number int, episode_number int, title text, description text, air_date date, "
        "categories text[], status episode_status, metadata jsonb, created_at timestamptz, "
        "created_by uuid, updated_at timestamptz, updated_by uuid) "
        "ON CONFLICT (show_id, coalesce(season_number, -1), episode_number) "
        "WHERE deleted_at IS NULL DO NOTHING RETURNING id",
        2
    ),
    db::Lane::change
};

// The id on record for each row of the batch that has one.
db::Query const find_existing{
    "find_existing_episodes",
    "SELECT r.id, e.id FROM json_to_recordset($1::json) AS r(id uuid, show_id uuid, "
    "season_number int, episode_number int) JOIN episodes e ON e.show_id = r.show_id "
    "AND coalesce(e.season_number, -1) = coalesce(r.season_number, -1) "
    "AND e.episode_number = r.episode_number AND e.deleted_at IS NULL",
    db::Lane::scan
};

struct Pending {
    std::int64_t row;
    Episode episode;
    ImportRow input;
};

class Import {
public:
    Import(
        api::Context& context,
        ImportEpisodes options,
        std::function<void(ImportProgress const&)> progress
    )
        : context_{context}, options_{std::move(options)}, progress_{std::move(progress)} {
        result_.import_id = options_.import_id.value_or(new_id());
        result_.dry_run = options_.dry_run.value_or(false);
    }

    Task<ImportResult> run(TableReader& table) {
        co_await load_shows();
        for (;;) {
            auto row = co_await table.next();
            if (!row) break;
            co_await take(std::move(*row));
            if (batch_.size() < batch_rows_max) continue;
            co_await flush();
            report(table.bytes_read(), false);
        }
        co_await flush();
        report(table.bytes_read(), true);
        co_return std::move(result_);
    }

private:
    Task<> load_shows() {
        std::vector<shows::Show> const shows = co_await shows::list(context_);
        for (shows::Show const& show : shows) remember(show);
        if (options_.show_id && !shows_by_id_.contains(*options_.show_id)) {
            throw invalid_field("show_id", "SHOW_UNKNOWN", "There is no such show.");
        }
    }

    void remember(shows::Show const& show) {
        shows_by_id_[show.id] = show;
        ids_by_name_[to_lower(show.name)] = show.id;
        ids_by_name_.try_emplace(show.slug, show.id);
    }

    void fail(std::int64_t row, std::string field, std::string code, std::string message) {
        if (row != last_failed_row_) ++result_.failed;
        last_failed_row_ = row;
        if (result_.errors.size() < errors_max) {
            result_.errors.push_back({row, std::move(field), std::move(code), std::move(message)});
        } else {
            result_.errors_truncated = true;
        }
    }

    /// The row's show; empty after fail().
    Task<std::string> show_of(std::int64_t number, ImportRow const& row) {
        if (options_.show_id) co_return *options_.show_id;
        if (row.show_id) {
            if (shows_by_id_.contains(*row.show_id)) co_return *row.show_id;
            fail(number, "show_id", "SHOW_UNKNOWN", "There is no such show.");
            co_return "";
        }
        if (!row.show) co_return std::string{default_show};
        auto const known = ids_by_name_.find(to_lower(*row.show));
        if (known != ids_by_name_.end()) co_return known->second;
        if (!auth::allows(context_.principal, auth::Action::administer, {})) {
            fail(
                number,
                "show",
                "SHOW_UNKNOWN",
                "There is no such show, and only an admin can create it."
            );
            co_return "";
        }
        shows::Show show;
        show.id = new_id();
        show.name = *row.show;
        if (!result_.dry_run) {
            shows::CreateShow input;
            input.name = *row.show;
            show = co_await shows::create(context_, std::move(input));
        }
        remember(show);
        result_.shows_created.push_back(show.name);
        co_return show.id;
    }

    /// Checks a row and puts it into the batch.
    Task<> take(TableRow row) {
        ++result_.rows;
        if (!row.fault.empty()) {
            fail(row.number, "", "ROW", row.fault);
            co_return;
        }
        ImportRow input;
        json::Mistakes mistakes;
        json::read_object(mistakes, "", boost::json::value(std::move(row.values)), input);
        if (!mistakes.empty()) {
            for (FieldError const& error : mistakes.errors()) {
                fail(row.number, error.field, error.code, error.message);
            }
            co_return;
        }
        std::string show_id = co_await show_of(row.number, input);
        if (show_id.empty()) co_return;
        if (!auth::allows(context_.principal, auth::Action::write, show_id)) {
            fail(row.number, "show", "FORBIDDEN", "You may not write to this show.");
            co_return;
        }
        bool const unapproved =
            shows_by_id_[show_id].requires_approval && input.status == Status::published;
        if (unapproved) {
            fail(
                row.number, "status", "INVALID_MOVE", "This show publishes only approved episodes."
            );
            co_return;
        }
        CreateEpisode create{
            show_id,
            input.season_number,
            input.episode_number,
            input.title,
            input.description,
            input.air_date,
            input.categories,
            input.status,
            input.metadata
        };
        Episode episode =
            make_episode(std::move(create), context_.actor, context_.services.clock.now());
        batch_.push_back({row.number, std::move(episode), std::move(input)});
    }

    [[nodiscard]] std::string batch_json() const {
        std::string out = "[";
        for (Pending const& pending : batch_) {
            if (out.size() > 1) out += ',';
            json::write(out, pending.episode);
        }
        return out + ']';
    }

    /// The ids on record of the batch's rows, by the ids that the rows would have had.
    Task<std::map<std::string, std::string>> existing() {
        db::Rows const rows =
            co_await context_.services.db.run(find_existing, db::Params{batch_json()});
        std::map<std::string, std::string> ids;
        for (db::Row const row : rows) ids[row.get<std::string>(0)] = row.get<std::string>(1);
        co_return ids;
    }

    /// The new ids of the rows that were inserted; the others were on record already.
    Task<std::unordered_set<std::string>> insert() {
        std::vector<events::Entry> entries;
        entries.reserve(batch_.size());
        for (auto const& [number, episode, input] : batch_) {
            entries.push_back(created_entry(episode, context_.actor));
        }
        db::Params params{batch_json()};
        events::add_many(params, context_.actor, entries);
        db::Rows const rows = co_await context_.services.db.run(insert_batch, std::move(params));
        context_.services.tail.wake();
        std::unordered_set<std::string> inserted;
        for (db::Row const row : rows) inserted.insert(row.get<std::string>(0));
        co_return inserted;
    }

    Task<> flush() {
        if (batch_.empty()) co_return;
        if (result_.dry_run) {
            co_await check_batch();
        } else {
            auto const inserted = co_await insert();
            result_.created += static_cast<std::int64_t>(inserted.size());
            std::erase_if(batch_, [&](Pending const& pending) {
                return inserted.contains(pending.episode.id);
            });
            co_await take_existing();
        }
        batch_.clear();
    }

    /// What flush() would do, without doing it.
    Task<> check_batch() {
        auto const on_record = co_await existing();
        for (Pending const& pending : batch_) {
            std::string key = fmt::format(
                "{}/{}/{}",
                pending.episode.show_id,
                pending.episode.season_number.value_or(-1),
                pending.episode.episode_number
            );
            bool const repeated =
                seen_.size() < seen_max && !seen_.insert(std::hash<std::string>{}(key)).second;
            if (!repeated && !on_record.contains(pending.episode.id)) {
                ++result_.created;
            } else if (options_.on_existing == OnExisting::update) {
                ++result_.updated;
            } else {
                refuse_or_skip(pending);
            }
        }
    }

    void refuse_or_skip(Pending const& pending) {
        if (options_.on_existing == OnExisting::error) {
            fail(
                pending.row,
                "episode_number",
                "EPISODE_NUMBER_TAKEN",
                "The show already has an episode with this number in this season."
            );
        } else {
            ++result_.skipped;
        }
    }

    /// Rows that are on record: updated, skipped or refused, as the import was told.
    Task<> take_existing() {
        if (batch_.empty()) co_return;
        if (options_.on_existing != OnExisting::update) {
            for (Pending const& pending : batch_) refuse_or_skip(pending);
            co_return;
        }
        auto const on_record = co_await existing();
        for (Pending const& pending : batch_) {
            auto const found = on_record.find(pending.episode.id);
            if (found == on_record.end()) {
                ++result_.skipped;  // Deleted between the two statements.
                continue;
            }
            co_await update_from(pending, found->second);
        }
    }

    Task<> update_from(Pending const& pending, std::string id) {
        auto const before = co_await find(context_, id);
        UpdateEpisode change;
        change.title = pending.input.title;
        change.description = pending.input.description;
        if (!pending.input.categories.empty()) change.categories = pending.input.categories;
        if (pending.input.air_date) change.air_date = {true, pending.input.air_date};
        change.metadata = pending.input.metadata;
        Status const status = before ? before->episode.status : Status::draft;
        if (pending.input.status && *pending.input.status != status) {
            auto const moves = allowed_moves(status, before && before->requires_approval);
            if (std::find(moves.begin(), moves.end(), *pending.input.status) == moves.end()) {
                fail(
                    pending.row,
                    "status",
                    "INVALID_MOVE",
                    fmt::format(
                        "An episode that is {} cannot become {}.",
                        json::name_of(status),
                        json::name_of(*pending.input.status)
                    )
                );
                co_return;
            }
            change.status = pending.input.status;
        }
        Episode const after = co_await update(context_, id, std::move(change), "import", {});
        bool const changed = before && before->episode.version != after.version;
        ++(changed ? result_.updated : result_.skipped);
    }

    void report(std::int64_t bytes, bool done) {
        ImportProgress const now{
            result_.import_id,
            result_.rows,
            result_.created,
            result_.updated,
            result_.skipped,
            result_.failed,
            bytes,
            done
        };
        if (progress_) progress_(now);
        if (context_.actor.user_id) {
            context_.services.live.send_to_user(
                *context_.actor.user_id, "import_progress", json::to_text<json::Case::camel>(now)
            );
        }
    }

    api::Context& context_;
    ImportEpisodes options_;
    std::function<void(ImportProgress const&)> progress_;
    ImportResult result_;
    std::int64_t last_failed_row_ = 0;
    std::vector<Pending> batch_;
    std::unordered_set<std::size_t> seen_;
    std::map<std::string, shows::Show> shows_by_id_;
    std::map<std::string, std::string> ids_by_name_;
};

}  // namespace

Task<ImportResult> run_import(
    api::Context& context,
    http::BodyReader& source,
    ImportEpisodes options,
    std::string_view content_type,
    std::function<void(ImportProgress const&)> progress
) {
    bool const ndjson = options.format ? *options.format == ImportFormat::ndjson
                                       : content_type.starts_with("application/x-ndjson");
    TableReader table{source, ndjson ? TableFormat::ndjson : TableFormat::csv};
    Import import{context, std::move(options), std::move(progress)};
    co_return co_await import.run(table);
}

}  // namespace showrunner::episodes
