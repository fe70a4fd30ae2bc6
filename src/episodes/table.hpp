// Reading tables as they arrive: CSV (RFC 4180) and NDJSON, one row at a time in bounded memory.
#pragma once

#include "http/message.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::episodes {

/// Splits a stream of bytes into CSV records: quoted fields with commas, breaks and doubled quotes,
/// CRLF or LF, an optional byte-order mark.
class CsvSplitter {
public:
    /// Feeds bytes; complete records are added to `records`. Throws Error{Code::invalid} for a
    /// record larger than 1 MiB.
    void feed(std::string_view bytes, std::vector<std::vector<std::string>>& records);
    /// The last record, when the file doesn't end with a break. Throws for an open quote.
    void finish(std::vector<std::vector<std::string>>& records);

    /// The separator, from the first record: comma, semicolon or tab.
    void set_separator(char separator) { separator_ = separator; }

    static constexpr std::size_t record_bytes_max = 1024 * 1024;

private:
    enum class State : std::uint8_t { field_start, plain, quoted, quote_in_quoted };

    void put(char c, std::vector<std::vector<std::string>>& records);
    void end_field();
    void end_record(std::vector<std::vector<std::string>>& records);

    State state_ = State::field_start;
    char separator_ = ',';
    std::string field_;
    std::vector<std::string> fields_;
    std::size_t record_bytes_ = 0;
    std::size_t position_ = 0;  ///< in the stream, for the byte-order mark
};

/// A row of the table as a JSON object, or why it isn't one.
struct TableRow {
    std::int64_t number = 0;  ///< as an editor shows it: the first line is 1
    boost::json::object values;
    std::string fault;  ///< empty unless the row could not be read
};

enum class TableFormat : std::uint8_t { csv, ndjson };

/// Rows of a CSV file with a header line, or of NDJSON. CSV values become what `columns` says.
class TableReader {
public:
    TableReader(http::BodyReader& source, TableFormat format);

    /// The next row, or nothing at the end. Throws Error{Code::invalid} for a file that cannot be
    /// read at all (no header, an unknown column, broken quoting).
    Task<std::optional<TableRow>> next();

    [[nodiscard]] std::int64_t bytes_read() const { return bytes_read_; }

private:
    Task<bool> fill();
    void take_lines(std::string_view chunk);
    void read_header(std::vector<std::string> const& names);
    [[nodiscard]] TableRow csv_row(std::vector<std::string>& fields) const;
    [[nodiscard]] TableRow json_row(std::string_view line) const;

    http::BodyReader& source_;
    TableFormat format_;
    CsvSplitter splitter_;
    std::vector<std::vector<std::string>> records_;
    std::vector<std::string> lines_;
    std::string partial_line_;
    std::vector<std::string> header_;
    std::size_t next_ = 0;  ///< in records_ or lines_
    std::int64_t number_ = 0;
    std::int64_t bytes_read_ = 0;
    bool ended_ = false;
};

}  // namespace showrunner::episodes
