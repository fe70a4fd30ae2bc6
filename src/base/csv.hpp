// Writing CSV as RFC 4180 has it: CRLF, and quotes where a field needs them. Fields are written as
// they are, also those that a spreadsheet would take for a formula: what is exported must import
// again to the same records.
#pragma once

#include <string>
#include <string_view>

namespace showrunner::csv {

/// Appends one field, in quotes when a reader would else take it for something different.
void write_field(std::string& out, std::string_view field);

/// Ends a row of one empty field so that it is not an empty line, which readers skip.
void end_row(std::string& out, std::size_t row_start);

/// Appends a row; `fields` is a range of texts.
template <typename Fields>
void write_row(std::string& out, Fields const& fields) {
    std::size_t const start = out.size();
    bool first = true;
    for (std::string_view const field : fields) {
        if (!first) out += ',';
        first = false;
        write_field(out, field);
    }
    end_row(out, start);
}

}  // namespace showrunner::csv
