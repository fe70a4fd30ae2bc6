#include "episodes/table.hpp"

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace showrunner::episodes {

namespace {

Error broken_file(std::string code, std::string message) {
    return invalid_field("file", std::move(code), std::move(message));
}

enum class Kind : std::uint8_t { text, number, list, object };

struct Column {
    std::string_view header;
    std::string_view member;
    Kind kind;
};

/// Headers that are understood, with the names that other tools use.
constexpr std::array columns{
    Column{"show", "show", Kind::text},
    Column{"show_id", "show_id", Kind::text},
    Column{"season_number", "season_number", Kind::number},
    Column{"season", "season_number", Kind::number},
    Column{"episode_number", "episode_number", Kind::number},
    Column{"episode", "episode_number", Kind::number},
    Column{"title", "title", Kind::text},
    Column{"name", "title", Kind::text},
    Column{"description", "description", Kind::text},
    Column{"air_date", "air_date", Kind::text},
    Column{"categories", "categories", Kind::list},
    Column{"status", "status", Kind::text},
    Column{"metadata", "metadata", Kind::object},
};

Column const* find_column(std::string_view header) {
    auto const found = std::find_if(columns.begin(), columns.end(), [&](Column const& column) {
        return column.header == header;
    });
    return found == columns.end() ? nullptr : &*found;
}

std::string normalised(std::string_view header) {
    std::string out;
    for (char const c : header) {
        if (c == ' ' || c == '-') {
            if (!out.empty()) out += '_';
        } else {
            out += to_lower(c);
        }
    }
    while (out.ends_with('_')) out.pop_back();
    return out;
}

boost::json::value number_or_text(std::string const& text) {
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool const whole = error == std::errc{} && end == text.data() + text.size();
    return whole ? boost::json::value(number) : boost::json::value(text);
}

boost::json::value value_of(Kind kind, std::string const& text) {
    switch (kind) {
        case Kind::number:
            return number_or_text(text);
        case Kind::object: {
            boost::system::error_code error;
            boost::json::value parsed = boost::json::parse(text, error);
            return error ? boost::json::value(text) : parsed;
        }
        case Kind::list: {
            boost::json::array items;
            for (std::size_t start = 0; start <= text.size();) {
                std::size_t const end = std::min(text.find('|', start), text.size());
                if (end > start) items.emplace_back(text.substr(start, end - start));
                start = end + 1;
            }
            return items;
        }
        case Kind::text:
            break;
    }
    return boost::json::value(text);
}

}  // namespace

void CsvSplitter::feed(std::string_view bytes, std::vector<std::vector<std::string>>& records) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    for (char const c : bytes) {
        std::size_t const position = position_++;
        if (position < mark.size() && c == mark[position]) continue;
        put(c, records);
    }
}

void CsvSplitter::put(char c, std::vector<std::vector<std::string>>& records) {
    if (++record_bytes_ > record_bytes_max) {
        throw broken_file("ROW_TOO_LARGE", "has a row of more than 1 MiB; is a quote left open?");
    }
    if (state_ == State::quoted) {
        if (c == '"') {
            state_ = State::quote_in_quoted;
        } else {
            field_ += c;
        }
        return;
    }
    if (c == '"' && state_ == State::quote_in_quoted) {
        field_ += c;
        state_ = State::quoted;
    } else if (c == '"' && state_ == State::field_start) {
        state_ = State::quoted;
    } else if (c == separator_) {
        end_field();
    } else if (c == '\n') {
        end_record(records);
    } else if (c != '\r') {
        field_ += c;
        state_ = State::plain;
    }
}

void CsvSplitter::end_field() {
    fields_.push_back(std::move(field_));
    field_.clear();
    state_ = State::field_start;
}

void CsvSplitter::end_record(std::vector<std::vector<std::string>>& records) {
    end_field();
    records.push_back(std::move(fields_));
    fields_.clear();
    record_bytes_ = 0;
}

void CsvSplitter::finish(std::vector<std::vector<std::string>>& records) {
    if (state_ == State::quoted) throw broken_file("OPEN_QUOTE", "ends inside a quoted field");
    if (!fields_.empty() || !field_.empty() || state_ != State::field_start) end_record(records);
}

TableReader::TableReader(http::BodyReader& source, TableFormat format)
    : source_{source}, format_{format} {}

void TableReader::take_lines(std::string_view chunk) {
    while (!chunk.empty()) {
        auto const end = chunk.find('\n');
        partial_line_ += chunk.substr(0, end);
        if (partial_line_.size() > CsvSplitter::record_bytes_max) {
            throw broken_file("ROW_TOO_LARGE", "has a row of more than 1 MiB");
        }
        if (end == std::string_view::npos) return;
        lines_.push_back(std::move(partial_line_));
        partial_line_.clear();
        chunk.remove_prefix(end + 1);
    }
}

Task<bool> TableReader::fill() {
    if (ended_) co_return false;
    records_.clear();
    lines_.clear();
    next_ = 0;
    std::string chunk;
    ended_ = !co_await source_.read(chunk);
    bytes_read_ += ended_ ? 0 : static_cast<std::int64_t>(chunk.size());
    if (format_ == TableFormat::ndjson) {
        if (!ended_) take_lines(chunk);
        if (ended_ && !partial_line_.empty()) lines_.push_back(std::move(partial_line_));
        co_return true;
    }
    if (!ended_) {
        if (number_ == 0 && header_.empty()) {
            // The separator of the header is the separator of the file.
            std::string_view const first = std::string_view{chunk}.substr(0, chunk.find('\n'));
            for (char const candidate : {'\t', ';'}) {
                bool const comma = first.find(',') != std::string_view::npos;
                if (!comma && first.find(candidate) != std::string_view::npos) {
                    splitter_.set_separator(candidate);
                }
            }
        }
        splitter_.feed(chunk, records_);
    } else {
        splitter_.finish(records_);
    }
    co_return true;
}

void TableReader::read_header(std::vector<std::string> const& names) {
    for (std::string const& name : names) {
        std::string const header = normalised(name);
        Column const* const column = find_column(header);
        if (column == nullptr) {
            throw broken_file(
                "UNKNOWN_COLUMN",
                fmt::format(
                    "has a column \"{}\" that is not known; known are show, season_number, "
                    "episode_number, title, description, air_date, categories (separated by |), "
                    "status, metadata",
                    name
                )
            );
        }
        for (std::string const& earlier : header_) {
            if (find_column(earlier)->member != column->member) continue;
            throw broken_file(
                "REPEATED_COLUMN", fmt::format("has the column \"{}\" twice", column->member)
            );
        }
        header_.push_back(header);
    }
}

TableRow TableReader::csv_row(std::vector<std::string>& fields) const {
    TableRow row{number_, {}, {}};
    if (fields.size() != header_.size()) {
        row.fault =
            fmt::format("has {} fields where the header has {}", fields.size(), header_.size());
        return row;
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
        Column const& column = *find_column(header_[i]);
        if (fields[i].empty()) continue;  // An empty cell is an absent value.
        row.values[column.member] = value_of(column.kind, fields[i]);
    }
    return row;
}

TableRow TableReader::json_row(std::string_view line) const {
    TableRow row{number_, {}, {}};
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(line, error);
    if (error || !value.is_object()) {
        row.fault = "is not a JSON object";
    } else {
        row.values = std::move(value.get_object());
    }
    return row;
}

Task<std::optional<TableRow>> TableReader::next() {
    for (;;) {
        std::size_t const available = format_ == TableFormat::csv ? records_.size() : lines_.size();
        if (next_ == available) {
            bool const more = co_await fill();
            if (!more) break;
            continue;
        }
        std::size_t const index = next_++;
        ++number_;
        if (format_ == TableFormat::ndjson) {
            if (lines_[index].find_first_not_of(" \t\r") == std::string::npos) continue;
            co_return json_row(lines_[index]);
        }
        std::vector<std::string>& fields = records_[index];
        if (fields.size() == 1 && fields.front().empty()) continue;  // A blank line.
        if (header_.empty()) {
            read_header(fields);
            continue;
        }
        co_return csv_row(fields);
    }
    if (format_ == TableFormat::csv && header_.empty())
        throw broken_file("EMPTY", "has no header line");
    co_return std::nullopt;
}

}  // namespace showrunner::episodes
