// JSON for described structs (BOOST_DESCRIBE_STRUCT): written straight into a string, read strictly
// with every mistake reported by field path, and published as JSON Schema. A struct may carry
// `static constexpr std::array rules{json::Rule{…}}`: the limits that reading enforces and the
// schema shows.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace showrunner::json {

/// JSON text that is passed through as it is.
struct Raw {
    std::string text = "null";
    bool operator==(Raw const&) const = default;
};

/// A member of a partial update: absent, null, or a value.
template <typename T>
struct Change {
    bool present = false;
    std::optional<T> value;
};

/// A limit on one member; numbers by value, texts by characters, arrays by length.
struct Rule {
    std::string_view field;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::string_view format = {};  ///< "uuid", "date", "date-time", "email"
    std::int64_t item_max = 0;     ///< characters of each text of an array
    std::string_view about = {};   ///< one sentence for the API's documentation
};

// ---------------------------------------------------------------- kinds of types

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <typename T>
inline constexpr bool is_change = false;
template <typename T>
inline constexpr bool is_change<Change<T>> = true;
template <typename T>
inline constexpr bool is_vector = false;
template <typename T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <typename T>
inline constexpr bool is_map = false;
template <typename T>
inline constexpr bool is_map<std::map<std::string, T>> = true;

template <typename T>
concept Described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <typename T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;

template <typename T>
using Members = boost::describe::describe_members<T, boost::describe::mod_any_access>;

template <typename T>
constexpr std::span<Rule const> rules_of() {
    if constexpr (requires { T::rules; }) {
        return T::rules;
    } else {
        return {};
    }
}

[[nodiscard]] constexpr Rule const* rule_for(std::span<Rule const> rules, std::string_view field) {
    for (Rule const& rule : rules) {
        if (rule.field == field) return &rule;
    }
    return nullptr;
}

// ---------------------------------------------------------------- enums

template <DescribedEnum E>
[[nodiscard]] constexpr std::string_view name_of(E value) {
    std::string_view name;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto const& d) {
        if (d.value == value) name = d.name;
    });
    return name;
}

template <DescribedEnum E>
[[nodiscard]] std::optional<E> enum_from(std::string_view name) {
    std::optional<E> found;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto const& d) {
        if (name == d.name) found = d.value;
    });
    return found;
}

template <DescribedEnum E>
[[nodiscard]] std::vector<std::string_view> names_of() {
    std::vector<std::string_view> names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto const& d) {
        names.emplace_back(d.name);
    });
    return names;
}

// ---------------------------------------------------------------- writing

enum class Case : std::uint8_t { snake, camel };

/// Appends `text` as a JSON string; invalid UTF-8 becomes U+FFFD.
void write_string(std::string& out, std::string_view text);

/// `episode_id` → `episodeId`
[[nodiscard]] std::string to_camel(std::string_view snake);

template <Case C = Case::snake, typename T>
void write(std::string& out, T const& value);

template <Case C, typename T>
void write_members(std::string& out, T const& value, bool& first) {
    boost::mp11::mp_for_each<Members<T>>([&](auto const& d) {
        if (!first) out += ',';
        first = false;
        static std::string const key = [&] {
            std::string text;
            write_string(text, C == Case::camel ? to_camel(d.name) : std::string{d.name});
            return text + ':';
        }();
        out += key;
        write<C>(out, value.*d.pointer);
    });
}

template <Case C, typename T>
void write_sequence(std::string& out, T const& values) {
    out += '[';
    bool first = true;
    for (auto const& value : values) {
        if (!first) out += ',';
        first = false;
        write<C>(out, value);
    }
    out += ']';
}

template <Case C, typename T>
void write_map(std::string& out, T const& values) {
    out += '{';
    bool first = true;
    for (auto const& [key, value] : values) {
        if (!first) out += ',';
        first = false;
        write_string(out, key);
        out += ':';
        write<C>(out, value);
    }
    out += '}';
}

template <Case C, typename T>
void write(std::string& out, T const& value) {
    if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::integral<T> || std::floating_point<T>) {
        fmt::format_to(std::back_inserter(out), "{}", value);
    } else if constexpr (std::convertible_to<T const&, std::string_view>) {
        write_string(out, value);
    } else if constexpr (std::same_as<T, Time>) {
        out += '"';
        out += to_rfc3339(value);
        out += '"';
    } else if constexpr (std::same_as<T, Raw>) {
        out += value.text;
    } else if constexpr (is_optional<T>) {
        if (value) {
            write<C>(out, *value);
        } else {
            out += "null";
        }
    } else if constexpr (DescribedEnum<T>) {
        write_string(out, name_of(value));
    } else if constexpr (is_map<T>) {
        write_map<C>(out, value);
    } else if constexpr (Described<T>) {
        out += '{';
        bool first = true;
        write_members<C>(out, value, first);
        out += '}';
    } else {
        write_sequence<C>(out, value);
    }
}

template <Case C = Case::snake, typename T>
[[nodiscard]] std::string to_text(T const& value) {
    std::string out;
    if constexpr (Described<T>) out.reserve(1024);
    write<C>(out, value);
    return out;
}

// ---------------------------------------------------------------- reading

/// Collects what is wrong with an input; at most 50 mistakes are kept.
class Mistakes {
public:
    void add(std::string field, std::string code, std::string message);

    [[nodiscard]] bool empty() const { return errors_.empty(); }

    /// Throws Error{Code::invalid} when there are any.
    void raise() const;

    [[nodiscard]] std::vector<FieldError> const& errors() const { return errors_; }

private:
    std::vector<FieldError> errors_;
};

/// How deep what a client sends may be nested. Events and answers wrap it: they are deeper.
inline constexpr std::size_t input_depth_max = 32;
inline constexpr std::size_t depth_max = 2 * input_depth_max;

/// Throws Error{Code::malformed}.
[[nodiscard]] boost::json::value parse_value(
    std::string_view text, std::size_t max_depth = depth_max
);

/// In a text or a name anywhere in it: what PostgreSQL keeps but cannot look into any more.
[[nodiscard]] bool has_zero_character(boost::json::value const& value);

void check_text(
    Mistakes& mistakes, std::string const& path, Rule const* rule, std::string_view text
);
void check_number(
    Mistakes& mistakes, std::string const& path, Rule const* rule, std::int64_t number
);
void check_length(
    Mistakes& mistakes, std::string const& path, Rule const* rule, std::size_t length
);
void check_enum(
    Mistakes& mistakes, std::string const& path, std::vector<std::string_view> const& names
);
/// Unicode characters of valid UTF-8.
[[nodiscard]] std::size_t characters(std::string_view text);

template <typename T>
void read(
    Mistakes& mistakes,
    std::string const& path,
    Rule const* rule,
    boost::json::value const& in,
    T& out
);

template <typename T>
void read_object(
    Mistakes& mistakes, std::string const& path, boost::json::value const& in, T& out
) {
    if (!in.is_object()) {
        return mistakes.add(path, "TYPE", "must be an object");
    }
    std::string const prefix = path.empty() ? "" : path + ".";
    boost::json::object const& object = in.get_object();
    std::size_t known = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto const& d) {
        auto& member = out.*d.pointer;
        using Member = std::remove_reference_t<decltype(member)>;
        boost::json::value const* found = object.if_contains(d.name);
        if (found != nullptr) {
            ++known;
            read(mistakes, prefix + d.name, rule_for(rules_of<T>(), d.name), *found, member);
        } else if constexpr (!is_optional<Member> && !is_change<Member> && !is_vector<Member> &&
                             !std::same_as<Member, Raw>) {
            mistakes.add(prefix + d.name, "REQUIRED", "is required");
        }
    });
    if (known == object.size()) return;
    for (auto const& [key, value] : object) {
        bool is_member = false;
        boost::mp11::mp_for_each<Members<T>>([&](auto const& d) {
            is_member = is_member || key == d.name;
        });
        if (!is_member) mistakes.add(prefix + std::string{key}, "UNKNOWN_FIELD", "is not a field");
    }
}

template <typename T>
void read_vector(
    Mistakes& mistakes,
    std::string const& path,
    Rule const* rule,
    boost::json::value const& in,
    T& out
) {
    if (!in.is_array()) return mistakes.add(path, "TYPE", "must be an array");
    boost::json::array const& array = in.get_array();
    check_length(mistakes, path, rule, array.size());
    Rule item{};
    if (rule != nullptr) item = {rule->field, 1, rule->item_max, rule->format};
    out.clear();
    for (std::size_t i = 0; i < array.size() && i < 10'000; ++i) {
        read(
            mistakes,
            fmt::format("{}[{}]", path, i),
            rule ? &item : nullptr,
            array[i],
            out.emplace_back()
        );
    }
}

template <typename T>
void read_map(Mistakes& mistakes, std::string const& path, boost::json::value const& in, T& out) {
    if (!in.is_object()) return mistakes.add(path, "TYPE", "must be an object");
    out.clear();
    for (auto const& [key, value] : in.get_object()) {
        std::string const name{key};
        read(mistakes, fmt::format("{}.{}", path, name), nullptr, value, out[name]);
    }
}

template <typename T>
void read(
    Mistakes& mistakes,
    std::string const& path,
    Rule const* rule,
    boost::json::value const& in,
    T& out
) {
    if constexpr (is_change<T>) {
        out.present = true;
        if (in.is_null()) return out.value.reset();
        read(mistakes, path, rule, in, out.value.emplace());
    } else if constexpr (is_optional<T>) {
        if (in.is_null()) return out.reset();
        read(mistakes, path, rule, in, out.emplace());
    } else if constexpr (std::same_as<T, bool>) {
        if (!in.is_bool()) return mistakes.add(path, "TYPE", "must be true or false");
        out = in.get_bool();
    } else if constexpr (std::integral<T>) {
        boost::system::error_code error;
        auto const number = in.to_number<std::int64_t>(error);
        if (error || in.is_double()) return mistakes.add(path, "TYPE", "must be a whole number");
        check_number(mistakes, path, rule, number);
        out = static_cast<T>(number);
        if (static_cast<std::int64_t>(out) != number) {
            mistakes.add(path, "RANGE", "is out of range");
        }
    } else if constexpr (std::floating_point<T>) {
        if (!in.is_number()) return mistakes.add(path, "TYPE", "must be a number");
        out = in.to_number<T>();
    } else if constexpr (std::same_as<T, std::string>) {
        if (!in.is_string()) return mistakes.add(path, "TYPE", "must be a text");
        out = in.get_string();
        check_text(mistakes, path, rule, out);
    } else if constexpr (std::same_as<T, Time>) {
        auto const time =
            in.is_string() ? parse_time(std::string_view{in.get_string()}) : std::nullopt;
        if (!time) {
            return mistakes.add(path, "FORMAT", "must be a time such as 2026-01-31T12:00:00Z");
        }
        out = *time;
    } else if constexpr (std::same_as<T, Raw>) {
        if (!in.is_object()) return mistakes.add(path, "TYPE", "must be an object");
        if (has_zero_character(in)) {
            return mistakes.add(path, "FORMAT", "must not contain a zero character");
        }
        out.text = boost::json::serialize(in);
        if (rule != nullptr && rule->max > 0 &&
            out.text.size() > static_cast<std::size_t>(rule->max)) {
            mistakes.add(path, "TOO_LONG", fmt::format("must be at most {} bytes", rule->max));
        }
    } else if constexpr (DescribedEnum<T>) {
        std::optional<T> const found =
            in.is_string() ? enum_from<T>(std::string_view{in.get_string()}) : std::nullopt;
        if (!found) return check_enum(mistakes, path, names_of<T>());
        out = *found;
    } else if constexpr (is_vector<T>) {
        read_vector(mistakes, path, rule, in, out);
    } else if constexpr (is_map<T>) {
        read_map(mistakes, path, in, out);
    } else {
        read_object(mistakes, path, in, out);
    }
}

/// Reads a described struct; throws Error{Code::malformed} or Error{Code::invalid} with all fields.
template <Described T>
[[nodiscard]] T parse(std::string_view text) {
    boost::json::value const value = parse_value(text, input_depth_max);
    Mistakes mistakes;
    T out{};
    read_object(mistakes, "", value, out);
    mistakes.raise();
    return out;
}

// ---------------------------------------------------------------- JSON Schema

void schema_limits(std::string& out, Rule const* rule, std::string_view kind);

template <Case C, typename T>
void write_schema(std::string& out, Rule const* rule);

template <Case C, typename T>
void write_object_schema(std::string& out) {
    out += R"({"type":"object","additionalProperties":false,"properties":{)";
    std::string required;
    bool first = true;
    boost::mp11::mp_for_each<Members<T>>([&](auto const& d) {
        using Member = std::remove_cvref_t<decltype(std::declval<T&>().*d.pointer)>;
        std::string const name = C == Case::camel ? to_camel(d.name) : std::string{d.name};
        if (!first) out += ',';
        first = false;
        write_string(out, name);
        out += ':';
        write_schema<C, Member>(out, rule_for(rules_of<T>(), d.name));
        constexpr bool input_optional = requires {
            T::is_input;
        } && (is_optional<Member> || is_vector<Member> || std::same_as<Member, Raw>);
        if constexpr (!is_change<Member> && !input_optional) {
            if (!required.empty()) required += ',';
            write_string(required, name);
        }
    });
    out += '}';
    if (!required.empty()) out += R"(,"required":[)" + required + "]";
    out += '}';
}

template <Case C, typename T>
void write_schema(std::string& out, Rule const* rule) {
    if constexpr (is_change<T>) {
        write_schema<C, std::optional<typename decltype(T::value)::value_type>>(out, rule);
    } else if constexpr (is_optional<T>) {
        out += R"({"anyOf":[)";
        write_schema<C, typename T::value_type>(out, rule);
        out += R"(,{"type":"null"}]})";
    } else if constexpr (std::same_as<T, bool>) {
        out += R"({"type":"boolean"})";
    } else if constexpr (std::integral<T>) {
        out += R"({"type":"integer")";
        schema_limits(out, rule, "number");
        out += '}';
    } else if constexpr (std::floating_point<T>) {
        out += R"({"type":"number"})";
    } else if constexpr (std::same_as<T, Time>) {
        out += R"({"type":"string","format":"date-time"})";
    } else if constexpr (std::same_as<T, Raw>) {
        out += R"({"type":"object","additionalProperties":true})";
    } else if constexpr (std::convertible_to<T const&, std::string_view>) {
        out += R"({"type":"string")";
        schema_limits(out, rule, "text");
        out += '}';
    } else if constexpr (DescribedEnum<T>) {
        out += R"({"type":"string","enum":)";
        write<C>(out, names_of<T>());
        out += '}';
    } else if constexpr (is_map<T>) {
        out += R"({"type":"object","additionalProperties":)";
        write_schema<C, typename T::mapped_type>(out, nullptr);
        out += '}';
    } else if constexpr (is_vector<T>) {
        out += R"({"type":"array","items":)";
        Rule item{};
        if (rule != nullptr) item = {rule->field, 1, rule->item_max, rule->format};
        write_schema<C, typename T::value_type>(out, rule ? &item : nullptr);
        schema_limits(out, rule, "array");
        out += '}';
    } else {
        write_object_schema<C, T>(out);
    }
}

template <typename T, Case C = Case::snake>
[[nodiscard]] std::string schema() {
    std::string out;
    write_schema<C, T>(out, nullptr);
    return out;
}

}  // namespace showrunner::json
