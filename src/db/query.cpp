#include "db/query.hpp"

#include "base/error.hpp"

#include <fmt/format.h>

#include <iterator>

namespace showrunner::db {

namespace {

void append_array_element(std::string& out, std::string_view text) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (char const c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace

Params& Params::add(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        throw Error{Code::invalid, "Text must not contain a zero character."};
    }
    starts_.push_back(bytes_.size());
    bytes_ += text;
    bytes_ += '\0';
    return *this;
}

Params& Params::add(bool flag) {
    return add(flag ? std::string_view{"t"} : std::string_view{"f"});
}

Params& Params::add(std::int64_t number) {
    return add(std::string_view{fmt::format_int{number}.c_str()});
}

Params& Params::add(std::uint64_t number) {
    return add(std::string_view{fmt::format_int{number}.c_str()});
}

Params& Params::add(double number) {
    starts_.push_back(bytes_.size());
    fmt::format_to(std::back_inserter(bytes_), "{}", number);
    bytes_ += '\0';
    return *this;
}

Params& Params::add(Time time) {
    return add(to_rfc3339(time));
}

Params& Params::add(std::nullopt_t) {
    starts_.push_back(null);
    return *this;
}

Params& Params::add(std::vector<std::string> const& texts) {
    std::string array = "{";
    for (std::string const& text : texts) append_array_element(array, text);
    array += '}';
    return add(array);
}

Params& Params::add(std::vector<std::optional<std::string>> const& texts) {
    std::string array = "{";
    for (std::optional<std::string> const& text : texts) {
        if (text) {
            append_array_element(array, *text);
        } else {
            array += array.size() > 1 ? ",NULL" : "NULL";
        }
    }
    array += '}';
    return add(array);
}

}  // namespace showrunner::db
