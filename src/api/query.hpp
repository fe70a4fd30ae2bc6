// Query parameters as described structs: optional<…> members, vector<string> for comma lists.
#pragma once

#include "base/json.hpp"
#include "http/message.hpp"

#include <charconv>
#include <string>

namespace showrunner::api {

template <typename T>
void read_parameter(
    json::Mistakes& mistakes,
    std::string const& name,
    json::Rule const* rule,
    std::string_view text,
    T& out
) {
    if constexpr (json::is_optional<T>) {
        read_parameter(mistakes, name, rule, text, out.emplace());
    } else if constexpr (std::same_as<T, bool>) {
        if (text != "true" && text != "false") {
            return mistakes.add(name, "TYPE", "must be true or false");
        }
        out = text == "true";
    } else if constexpr (std::integral<T>) {
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
        if (error != std::errc{} || end != text.data() + text.size()) {
            return mistakes.add(name, "TYPE", "must be a whole number");
        }
        json::check_number(mistakes, name, rule, out);
    } else if constexpr (std::same_as<T, Time>) {
        auto const time = parse_time(text);
        if (!time)
            return mistakes.add(name, "FORMAT", "must be a time such as 2026-01-31T12:00:00Z");
        out = *time;
    } else if constexpr (json::DescribedEnum<T>) {
        auto const value = json::enum_from<T>(text);
        if (!value) return json::check_enum(mistakes, name, json::names_of<T>());
        out = *value;
    } else if constexpr (json::is_vector<T>) {
        out.clear();
        while (!text.empty()) {
            auto const comma = text.find(',');
            auto& item = out.emplace_back();
            read_parameter(mistakes, name, rule, text.substr(0, comma), item);
            text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        }
    } else {
        out = text;
        json::check_text(mistakes, name, rule, text);
    }
}

/// Throws Error{Code::invalid} for unknown, repeated and malformed parameters.
template <json::Described T>
[[nodiscard]] T parse_query(http::Request const& request) {
    json::Mistakes mistakes;
    T out{};
    std::vector<std::string_view> seen;
    for (auto const& [name, text] : request.query) {
        bool known = false;
        boost::mp11::mp_for_each<json::Members<T>>([&](auto const& d) {
            if (name != d.name) return;
            known = true;
            read_parameter(
                mistakes, name, json::rule_for(json::rules_of<T>(), name), text, out.*d.pointer
            );
        });
        if (!known) mistakes.add(name, "UNKNOWN_PARAMETER", "is not a parameter");
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
            mistakes.add(name, "REPEATED", "is given more than once");
        }
        seen.push_back(name);
    }
    mistakes.raise();
    return out;
}

/// OpenAPI parameter objects of a query struct, separated by commas.
template <json::Described T>
[[nodiscard]] std::string parameters_of() {
    std::string out;
    boost::mp11::mp_for_each<json::Members<T>>([&](auto const& d) {
        using Member = std::remove_cvref_t<decltype(std::declval<T&>().*d.pointer)>;
        json::Rule const* rule = json::rule_for(json::rules_of<T>(), d.name);
        if (!out.empty()) out += ',';
        out += R"({"in":"query","name":)";
        json::write(out, d.name);
        if (rule != nullptr && !rule->about.empty()) {
            out += R"(,"description":)";
            json::write(out, rule->about);
        }
        if constexpr (json::is_vector<Member>) {
            out += R"(,"style":"form","explode":false,"schema":{"type":"array","items":)";
            json::write_schema<json::Case::snake, typename Member::value_type>(out, rule);
            out += '}';
        } else {
            out += R"(,"schema":)";
            json::write_schema<json::Case::snake, typename Member::value_type>(out, rule);
        }
        out += '}';
    });
    return out;
}

}  // namespace showrunner::api
