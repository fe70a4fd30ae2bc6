// A row as a described struct: columns in the order of the members, enums by their names.
#pragma once

#include "base/json.hpp"
#include "db/rows.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <stdexcept>
#include <string>

namespace showrunner::db {

/// A text[] of an enum's names.
template <typename T>
inline constexpr bool is_enum_list = false;
template <json::DescribedEnum E>
inline constexpr bool is_enum_list<std::vector<E>> = true;

template <typename T>
[[nodiscard]] T read_column(Row const& row, int column) {
    if constexpr (std::same_as<T, std::optional<json::Raw>>) {
        if (row.null(column)) return std::nullopt;
        return json::Raw{row.get<std::string>(column)};
    } else if constexpr (std::same_as<T, json::Raw>) {
        return json::Raw{row.get<std::string>(column)};
    } else if constexpr (json::DescribedEnum<T>) {
        auto const value = json::enum_from<T>(row.text(column));
        if (!value) throw std::logic_error{"a column holds an unknown enum value"};
        return *value;
    } else if constexpr (is_enum_list<T>) {
        T values;
        for (std::string const& name : row.get<std::vector<std::string>>(column)) {
            auto const value = json::enum_from<typename T::value_type>(name);
            if (!value) throw std::logic_error{"a column holds an unknown enum value"};
            values.push_back(*value);
        }
        return values;
    } else {
        return row.get<T>(column);
    }
}

template <typename T>
[[nodiscard]] T read(Row const& row, int first_column = 0) {
    T out{};
    int column = first_column;
    boost::mp11::mp_for_each<json::Members<T>>([&](auto const& d) {
        using Member = std::remove_cvref_t<decltype(out.*d.pointer)>;
        out.*d.pointer = read_column<Member>(row, column++);
    });
    return out;
}

/// `id, show_id, …`: the members' names as a select list, with an optional table alias.
template <typename T>
[[nodiscard]] std::string columns_of(std::string_view alias = {}) {
    std::string out;
    boost::mp11::mp_for_each<json::Members<T>>([&](auto const& d) {
        if (!out.empty()) out += ", ";
        if (!alias.empty()) {
            out += alias;
            out += '.';
        }
        out += d.name;
    });
    return out;
}

}  // namespace showrunner::db
