#include "db/rows.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <type_traits>

namespace showrunner::db {

namespace {

template <typename T>
constexpr bool is_optional = false;
template <typename T>
constexpr bool is_optional<std::optional<T>> = true;

/// Reads all of `text` as a T; false when it isn't one.
template <typename T>
bool read(std::string_view text, T& value) {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        value = text;
        return true;
    } else if constexpr (std::is_same_v<T, bool>) {
        value = text == "t";
        return text == "t" || text == "f";
    } else if constexpr (std::is_same_v<T, Time>) {
        auto const time = parse_time(text);
        value = time.value_or(Time{});
        return time.has_value();
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
        if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
        value = parse_text_array(text);
        return true;
    } else {
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} && end == text.data() + text.size();
    }
}

/// One element of an array, from its first character to the comma or brace after it.
std::string array_element(std::string_view text, std::size_t& at) {
    std::string element;
    bool const quoted = text[at] == '"';
    if (quoted) ++at;
    while (at < text.size() && (quoted ? text[at] != '"' : text[at] != ',' && text[at] != '}')) {
        if (text[at] == '\\') ++at;
        if (at < text.size()) element += text[at++];
    }
    if (quoted) {
        ++at;
    } else if (element == "NULL") {
        element.clear();
    }
    return element;
}

}  // namespace

bool Row::null(int column) const {
    return PQgetisnull(result_, row_, column) != 0;
}

std::string_view Row::text(int column) const {
    if (column < 0 || column >= columns()) {
        throw std::logic_error{fmt::format("column {} of {}", column, columns())};
    }
    if (null(column)) {
        throw std::logic_error{fmt::format("column {} is NULL", PQfname(result_, column))};
    }
    return {
        PQgetvalue(result_, row_, column),
        static_cast<std::size_t>(PQgetlength(result_, row_, column))
    };
}

int Row::column(char const* name) const {
    int const column = PQfnumber(result_, name);
    if (column < 0) throw std::logic_error{fmt::format("no column {}", name)};
    return column;
}

int Row::columns() const {
    return PQnfields(result_);
}

template <typename T>
T Row::get(int column) const {
    if constexpr (is_optional<T>) {
        return null(column) ? T{} : T{get<typename T::value_type>(column)};
    } else {
        T value{};
        if (!read(text(column), value)) {
            throw std::logic_error{fmt::format(
                "column {} is not of the type that was asked for", PQfname(result_, column)
            )};
        }
        return value;
    }
}

template std::string Row::get(int) const;
template std::string_view Row::get(int) const;
template bool Row::get(int) const;
template int Row::get(int) const;
template unsigned Row::get(int) const;
template std::int64_t Row::get(int) const;
template std::uint64_t Row::get(int) const;
template double Row::get(int) const;
template Time Row::get(int) const;
template std::vector<std::string> Row::get(int) const;
template std::optional<std::string> Row::get(int) const;
template std::optional<std::string_view> Row::get(int) const;
template std::optional<bool> Row::get(int) const;
template std::optional<int> Row::get(int) const;
template std::optional<unsigned> Row::get(int) const;
template std::optional<std::int64_t> Row::get(int) const;
template std::optional<std::uint64_t> Row::get(int) const;
template std::optional<double> Row::get(int) const;
template std::optional<Time> Row::get(int) const;
template std::optional<std::vector<std::string>> Row::get(int) const;

Row Rows::front() const {
    if (empty()) throw std::logic_error{"the statement returned no row"};
    return (*this)[0];
}

std::int64_t Rows::affected() const {
    std::string_view const count = result_ ? PQcmdTuples(result_.get()) : "";
    std::int64_t value = 0;
    read(count, value);
    return value;
}

std::vector<std::string> parse_text_array(std::string_view text) {
    std::vector<std::string> elements;
    std::size_t at = 1;  // After the brace.
    while (at < text.size() && text[at] != '}') {
        elements.push_back(array_element(text, at));
        if (at < text.size() && text[at] == ',') ++at;
    }
    return elements;
}

}  // namespace showrunner::db
