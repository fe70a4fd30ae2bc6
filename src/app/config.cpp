#include "app/config.hpp"

#include "app/s3_files.hpp"
#include "base/json.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <charconv>
#include <stdexcept>

namespace showrunner::app {

namespace {

using ConfigMembers = boost::describe::
    describe_members<Config, boost::describe::mod_public | boost::describe::mod_inherited>;

static_assert(
    boost::mp11::mp_size<ConfigMembers>::value == config_keys.size(),
    "every member of Config has an entry in config_keys"
);

KeyInfo const* find_key(std::string_view name) {
    for (KeyInfo const& key : config_keys) {
        if (key.name == name) return &key;
    }
    return nullptr;
}

/// Variables of the test suite, not of the server.
bool is_for_tests(std::string_view variable) {
    return variable.starts_with("SHOWRUNNER_TEST_");
}

void refuse_unknown_variables(std::map<std::string, std::string> const& environment) {
    for (auto const& [name, value] : environment) {
        if (!name.starts_with("SHOWRUNNER_") || name == "SHOWRUNNER_CONFIG" || is_for_tests(name))
            continue;
        bool known = false;
        for (KeyInfo const& key : config_keys) known = known || variable_of(key) == name;
        if (!known) throw std::runtime_error{fmt::format("{} is not a known variable", name)};
    }
}

std::string text_of(toml::node const& node, std::string_view key) {
    if (auto const text = node.value<std::string>(); text && node.is_string()) return *text;
    if (node.is_integer()) return std::to_string(*node.value<std::int64_t>());
    throw std::runtime_error{fmt::format("{} must be a text or a whole number", key)};
}

std::map<std::string, std::string> read_file(std::string const& file) {
    std::map<std::string, std::string> values;
    if (file.empty()) return values;
    toml::table const table = toml::parse_file(file);
    for (auto const& [key, node] : table) {
        std::string const name{key.str()};
        if (find_key(name) == nullptr) {
            throw std::runtime_error{fmt::format("{}: {} is not a known key", file, name)};
        }
        values[name] = text_of(node, name);
    }
    return values;
}

std::int64_t number_of(KeyInfo const& key, Setting const& setting) {
    std::int64_t number = 0;
    char const* const end = setting.value.data() + setting.value.size();
    auto const [stopped, error] = std::from_chars(setting.value.data(), end, number);
    if (error != std::errc{} || stopped != end || number < key.min || number > key.max) {
        throw std::runtime_error{fmt::format(
            "{} (from {}) must be a whole number from {} to {}",
            key.name,
            setting.source,
            key.min,
            key.max
        )};
    }
    return number;
}

void check(Config const& config) {
    constexpr std::array levels{"debug", "info", "warning", "error"};
    if (std::find(levels.begin(), levels.end(), config.log_level) == levels.end()) {
        throw std::runtime_error{"log_level must be debug, info, warning or error"};
    }
    if (config.job_queue != "postgres" && config.job_queue != "sqs") {
        throw std::runtime_error{"job_queue must be postgres or sqs"};
    }
    check_file_store(config);
    if (!config.secret.empty() && config.secret.size() < 32) {
        throw std::runtime_error{"secret must have at least 32 characters"};
    }
    if (config.listen.find(':') == std::string::npos) {
        throw std::runtime_error{"listen must be an address and a port, such as 127.0.0.1:3002"};
    }
    if (config.admin_email.empty() != config.admin_password.empty() && config.admin_email.empty()) {
        throw std::runtime_error{"admin_password needs admin_email"};
    }
}

}  // namespace

std::string variable_of(KeyInfo const& key) {
    if (!key.variable.empty()) return std::string{key.variable};
    std::string name = "SHOWRUNNER_";
    for (char const c : key.name) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return name;
}

std::string flag_of(KeyInfo const& key) {
    std::string name = "--";
    for (char const c : key.name) name += c == '_' ? '-' : c;
    return name;
}

LoadedConfig load_config(
    std::map<std::string, std::string> const& flags,
    std::map<std::string, std::string> const& environment,
    std::string const& file
) {
    refuse_unknown_variables(environment);
    auto const from_file = read_file(file);
    LoadedConfig loaded;
    boost::mp11::mp_for_each<ConfigMembers>([&](auto const& d) {
        KeyInfo const* const key = find_key(d.name);
        if (key == nullptr)
            throw std::logic_error{std::string{d.name} + " has no entry in config_keys"};
        auto& member = loaded.config.*d.pointer;
        Setting setting{fmt::format("{}", member), "default"};
        if (auto const it = from_file.find(d.name); it != from_file.end()) {
            setting = {it->second, file};
        }
        std::string const variable = variable_of(*key);
        if (auto const it = environment.find(variable); it != environment.end()) {
            setting = {it->second, variable};
        }
        if (auto const it = flags.find(d.name); it != flags.end()) {
            setting = {it->second, flag_of(*key)};
        }
        if constexpr (std::same_as<std::remove_cvref_t<decltype(member)>, std::string>) {
            member = setting.value;
        } else {
            member = number_of(*key, setting);
        }
        loaded.settings[d.name] = std::move(setting);
    });
    check(loaded.config);
    return loaded;
}

std::string config_markdown() {
    std::string out =
        "# Configuration\n\nGenerated from `src/app/config.hpp` by `./dev docs`. A flag wins over "
        "the environment, "
        "the environment over the TOML file (`--config FILE` or `SHOWRUNNER_CONFIG`), the file "
        "over the default. "
        "`showrunner config` prints what is in force and from where.\n\n"
        "| key | variable | flag | default | what it is |\n|---|---|---|---|---|\n";
    Config const defaults;
    boost::mp11::mp_for_each<ConfigMembers>([&](auto const& d) {
        KeyInfo const& key = *find_key(d.name);
        std::string const value = fmt::format("{}", defaults.*d.pointer);
        out += fmt::format(
            "| `{}` | `{}` | `{}` | {} | {} |\n",
            key.name,
            variable_of(key),
            flag_of(key),
            value.empty() ? "" : "`" + value + "`",
            key.about
        );
    });
    return out;
}

}  // namespace showrunner::app
