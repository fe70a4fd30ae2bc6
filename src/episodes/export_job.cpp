#include "base/csv.hpp"
#include "base/zip.hpp"
#include "db/described.hpp"
#include "episodes/episode.hpp"
#include "episodes/jobs.hpp"

#include <functional>

namespace showrunner::episodes {

namespace {

using db::Lane;
using db::Query;
using jobs::LogLevel;

constexpr int page_rows = 500;

Query const find_exported_show{
    "find_exported_show",
    "SELECT s.name, s.slug, row_to_json(s), (SELECT count(*) FROM episodes e WHERE e.show_id = "
    "s.id AND ($2::boolean OR e.deleted_at IS NULL)) FROM shows s WHERE s.id = $1",
    Lane::scan
};

// Page by page: one long transaction would hold up every reader of the ledger.
Query const export_page{
    "export_episodes",
    "SELECT " + db::columns_of<Episode>() +
        " FROM episodes WHERE show_id = $1 AND ($2::boolean OR deleted_at IS NULL) AND "
        "(coalesce(season_number, -1), episode_number, id) > ($3::int, $4::int, $5::uuid) "
        "ORDER BY coalesce(season_number, -1), episode_number, id LIMIT $6::int",
    Lane::scan
};

Query const history_page{
    "export_history",
    "SELECT txid, seq, json_build_object('type', type, 'created_at', created_at, 'actor_id', "
    "actor_id, 'actor_name', actor_name, 'resource_type', resource_type, 'resource_id', "
    "resource_id, 'changes', changes, 'payload', payload) FROM events WHERE show_id = $1 AND "
    "(txid, seq) > ($2::xid8, $3::bigint) AND txid < pg_snapshot_xmin(pg_current_snapshot()) "
    "ORDER BY txid, seq LIMIT $4::int",
    Lane::scan
};

constexpr std::array<std::string_view, 9> csv_columns{
    "show",
    "season_number",
    "episode_number",
    "title",
    "description",
    "air_date",
    "categories",
    "status",
    "metadata"
};

std::string joined(std::vector<std::string> const& texts) {
    std::string out;
    for (std::string const& text : texts) {
        if (!out.empty()) out += '|';
        out += text;
    }
    return out;
}

std::string csv_row(std::string const& show, Episode const& episode) {
    std::string const season =
        episode.season_number ? std::to_string(*episode.season_number) : std::string{};
    std::array<std::string, csv_columns.size()> const fields{
        show,
        season,
        std::to_string(episode.episode_number),
        episode.title,
        episode.description,
        episode.air_date.value_or(""),
        joined(episode.categories),
        std::string{json::name_of(episode.status)},
        episode.metadata.text == "{}" ? std::string{} : episode.metadata.text
    };
    std::string row;
    csv::write_row(row, fields);
    return row;
}

std::string ndjson_row(std::string const& show, Episode const& episode) {
    std::string row = R"({"show":)";
    auto const member = [&row](std::string_view name, auto const& value) {
        row += fmt::format(R"(,"{}":)", name);
        json::write(row, value);
    };
    json::write(row, show);
    member("season_number", episode.season_number);
    member("episode_number", episode.episode_number);
    member("title", episode.title);
    member("description", episode.description);
    member("air_date", episode.air_date);
    member("categories", episode.categories);
    member("status", episode.status);
    member("metadata", episode.metadata);
    row += "}\n";
    return row;
}

std::string csv_header() {
    std::string row;
    csv::write_row(row, csv_columns);
    return row;
}

class Export {
public:
    Export(jobs::Run& run, ExportArgs args) : run_{run}, args_{args} {}

    Task<> make() {
        co_await find_show();
        ExportFormat const format = args_.format.value_or(ExportFormat::csv);
        std::string const day = to_rfc3339(run_.services.clock.now()).substr(0, 10);
        std::string const name = fmt::format("{}-{}.{}", slug_, day, json::name_of(format));
        constexpr std::array<std::string_view, 3> types{
            "text/csv; charset=utf-8", "application/x-ndjson", "application/zip"
        };
        file_.emplace(
            run_.services.db,
            jobs::FileRole::output,
            name,
            std::string{types.at(static_cast<std::size_t>(format))}
        );
        if (format == ExportFormat::zip) {
            co_await write_archive();
        } else {
            total_ = episodes_;
            co_await write_episodes(format, [this](std::string_view text) { pending_ += text; });
        }
        co_await drain();
        jobs::JobFile const made = co_await file_->close(run_.job.id);
        run_.result = fmt::format(R"({{"file":{},"episodes":{}}})", json::to_text(made), written_);
    }

private:
    using Sink = std::function<void(std::string_view)>;

    Task<> find_show() {
        bool const deleted = args_.deleted.value_or(false);
        db::Rows const rows = co_await run_.services.db.run(
            find_exported_show, db::Params{run_.job.show_id, deleted}
        );
        if (rows.empty()) throw jobs::final_failure("SHOW_UNKNOWN", "There is no such show.");
        db::Row const row = rows.front();
        show_ = row.get<std::string>(0);
        slug_ = row.get<std::string>(1);
        show_json_ = row.get<std::string>(2);
        episodes_ = row.get<std::int64_t>(3);
    }

    /// What has been made since is kept: memory stays bounded by a page.
    Task<> drain() {
        co_await file_->write(pending_);
        pending_.clear();
    }

    void advance(std::int64_t rows) {
        done_ += rows;
        if (total_ > 0)
            run_.progress(static_cast<int>(std::min<std::int64_t>(99, 100 * done_ / total_)));
    }

    Task<> write_episodes(ExportFormat format, Sink sink) {
        if (format == ExportFormat::csv) sink(csv_header());
        int season = -2;
        int number = -1;
        std::string id = "00000000-0000-0000-0000-000000000000";
        written_ = 0;
        for (;;) {
            db::Params params{run_.job.show_id, args_.deleted.value_or(false), season, number};
            params.add(id).add(page_rows);
            db::Rows const rows = co_await run_.services.db.run(export_page, std::move(params));
            for (db::Row const row : rows) {
                auto const episode = db::read<Episode>(row);
                sink(
                    format == ExportFormat::csv ? csv_row(show_, episode)
                                                : ndjson_row(show_, episode)
                );
                season = episode.season_number.value_or(-1);
                number = episode.episode_number;
                id = episode.id;
            }
            written_ += rows.size();
            co_await drain();
            advance(rows.size());
            if (rows.size() < page_rows) co_return;
        }
    }

    Task<> write_history(Sink sink) {
        std::string txid = "0";
        std::string seq = "0";
        for (;;) {
            db::Params params{run_.job.show_id, txid, seq, page_rows};
            db::Rows const rows = co_await run_.services.db.run(history_page, std::move(params));
            for (db::Row const row : rows) {
                txid = row.get<std::string>(0);
                seq = row.get<std::string>(1);
                sink(row.text(2));
                sink("\n");
            }
            co_await drain();
            if (rows.size() < page_rows) co_return;
        }
    }

    Task<> write_archive() {
        total_ = 2 * episodes_;
        ZipWriter zip{[this](std::string_view bytes) { pending_ += bytes; }};
        Sink const into_zip = [&zip](std::string_view text) { zip.write(text); };
        Time const now = run_.services.clock.now();
        zip.begin({.name = "show.json", .modified = now});
        zip.write(show_json_);
        zip.end();
        zip.begin({.name = "episodes.csv", .modified = now});
        co_await write_episodes(ExportFormat::csv, into_zip);
        zip.end();
        zip.begin({.name = "episodes.ndjson", .modified = now});
        co_await write_episodes(ExportFormat::ndjson, into_zip);
        zip.end();
        run_.progress(99, "History");
        zip.begin({.name = "history.ndjson", .modified = now});
        co_await write_history(into_zip);
        zip.end();
        zip.finish();
    }

    jobs::Run& run_;
    ExportArgs args_;
    std::optional<jobs::FileWriter> file_;
    std::string pending_;
    std::string show_;
    std::string slug_;
    std::string show_json_;
    std::int64_t episodes_ = 0;
    std::int64_t written_ = 0;
    std::int64_t done_ = 0;
    std::int64_t total_ = 0;
};

}  // namespace

Task<> run_export(jobs::Run& run) {
    Export it{run, run.args<ExportArgs>()};
    co_await it.make();
}

}  // namespace showrunner::episodes
