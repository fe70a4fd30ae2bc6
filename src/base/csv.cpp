#include "base/csv.hpp"

namespace showrunner::csv {

namespace {

/// Some readers drop spaces around a field, and a byte-order mark before the first.
bool needs_quotes(std::string_view field) {
    if (field.empty()) return false;
    constexpr std::string_view blank = " \t";
    return field.find_first_of(",;\t\"\r\n") != std::string_view::npos ||
           blank.find(field.front()) != std::string_view::npos ||
           blank.find(field.back()) != std::string_view::npos || field.starts_with("\xef\xbb\xbf");
}

}  // namespace

void write_field(std::string& out, std::string_view field) {
    if (!needs_quotes(field)) {
        out += field;
        return;
    }
    out += '"';
    for (;;) {
        auto const quote = field.find('"');
        out += field.substr(0, quote);
        if (quote == std::string_view::npos) break;
        out += "\"\"";
        field.remove_prefix(quote + 1);
    }
    out += '"';
}

void end_row(std::string& out, std::size_t row_start) {
    if (out.size() == row_start) out += "\"\"";
    out += "\r\n";
}

}  // namespace showrunner::csv
