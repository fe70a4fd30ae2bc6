// The code base checks itself: what no compiler and no linter knows about this repository. A rule
// takes files and says what is wrong with them; each is tried on bad snippets first, so that it
// cannot fall silent.
#include "support/source_tree.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

namespace showrunner {

namespace {

using test::File;
using test::Files;
using test::matches;
using Findings = std::vector<std::string>;

Files const& tree() {
    static Files const files = test::read_tree(SHOWRUNNER_SOURCE_DIR);
    return files;
}

std::string folder_of(std::string_view path) {
    return std::string{path.substr(0, path.find('/'))};
}

/// Layers from the bottom; folders of one number don't know each other. What isn't named is a
/// feature.
constexpr int feature_layer = 5;

int layer_of(std::string const& folder) {
    static std::map<std::string, int> const layers{
        {"base", 0},
        {"client", 1},
        {"db", 1},
        {"http", 1},
        {"process", 1},
        {"socketio", 1},
        {"aws", 2},
        {"media", 2},
        {"events", 2},
        {"auth", 3},
        {"blobs", 3},
        {"api", 4},
        {"app", 6},
        {"cli", 7},
        {"main.cpp", 8},
        {"echo_main.cpp", 8},
    };
    auto const found = layers.find(folder);
    return found == layers.end() ? feature_layer : found->second;
}

Findings include_direction(Files const& files) {
    Findings findings;
    for (File const& file : files) {
        if (!file.is_cpp() || !file.path.starts_with("src/")) continue;
        std::string const from = folder_of(std::string_view{file.path}.substr(4));
        for (std::string const& target :
             matches(file.text, "#include \"", R"re(#include "([^"]+)")re")) {
            std::string const to = folder_of(target);
            if (to == from || (to == "support" && file.is_test())) continue;
            bool const among_features =
                layer_of(from) == feature_layer && layer_of(to) == feature_layer;
            bool const allowed =
                among_features ? target == to + "/" + to + ".hpp" : layer_of(to) < layer_of(from);
            if (!allowed) findings.push_back(file.path + " includes " + target);
        }
    }
    return findings;
}

struct BannedText {
    std::string_view text;
    char const* allowed;  ///< paths
    std::string_view instead;
};

constexpr std::array banned_texts{
    BannedText{"asio::detached", "", "spawn(), which reports how a task ends"},
    BannedText{"std::thread", "tests/support/.*", "nothing: one thread runs the event loop"},
    BannedText{"std::jthread", "", "nothing: one thread runs the event loop"},
    BannedText{"this_thread::sleep", "", "sleep_for() of base/task.hpp"},
    BannedText{"system_clock::now", "src/base/.*", "the Clock that is injected"},
    BannedText{"std::cout", "", "base/log.hpp, or printf in cli/"},
    BannedText{"std::cerr", "", "base/log.hpp, or printf in cli/"},
    BannedText{
        "#include <boost/beast",
        R"(src/(http|socketio)/.*\.cpp|src/base/boost_impl\.cpp)",
        "http/ and socketio/, which hide Beast in their sources"
    },
};

Findings banned(Files const& files) {
    Findings findings;
    for (File const& file : files) {
        if (!file.is_cpp() || file.path == "tests/tidy_test.cpp") continue;
        for (BannedText const& each : banned_texts) {
            if (file.text.find(each.text) == std::string::npos) continue;
            if (std::regex_match(file.path, std::regex{each.allowed})) continue;
            findings.push_back(
                file.path + ": " + std::string{each.text} + "; use " + std::string{each.instead}
            );
        }
    }
    return findings;
}

Findings nothing_left_to_do(Files const& files) {
    Findings findings;
    for (File const& file : files) {
        if (file.path.ends_with("package-lock.json")) continue;  // Hashes spell anything.
        for (std::string const word :
             {"TO"
              "DO",
              "FIX"
              "ME"}) {
            for (auto const& found : matches(file.text, word, "\\b(" + word + ")\\b")) {
                findings.push_back(file.path + ": " + found);
            }
        }
    }
    return findings;
}

/// Where an exception may be caught, and why there.
std::map<std::string, std::string_view> const catch_sites{
    {"src/api/dispatcher.cpp", "the guard: whatever a handler throws becomes a response"},
    {"src/api/problem.cpp", "sorts what was thrown into problem documents"},
    {"src/base/error.cpp", "tells an Error from any other exception"},
    {"src/base/offload.hpp", "brings an exception from a thread back to who awaits it"},
    {"src/base/task.cpp", "spawn() and supervise(): the end of a task"},
    {"src/cli/cli.cpp", "the end of a command: a sentence and an exit status"},
    {"src/cli/options.cpp", "the command line's parser reports by throwing"},
    {"src/echo_main.cpp", "the end of a process"},
    {"src/events/consumer.cpp", "an event that cannot be applied is set aside"},
    {"src/jobs/processor.cpp", "the end of an attempt: the processor lives on"},
    {"src/jobs/processor_settle.cpp", "PostgreSQL is away: the end of an attempt is kept"},
    {"src/jobs/sqs_link.cpp", "SQS is away: said once, and done without"},
    {"src/jobs/schedules.cpp", "what is wrong with a schedule becomes an Error"},
    {"src/http/exchange.cpp", "the end of a request: the connection lives on"},
    {"src/http/send.cpp", "a body that cannot be made: the client sees that it is cut off"},
    {"src/realtime/hub.cpp", "a refusal becomes a CONNECT_ERROR or an ack"},
    {"src/socketio/socket.cpp", "the end of a handler: the connection lives on"},
};

Findings catch_at_boundaries(Files const& files) {
    Findings findings;
    for (File const& file : files) {
        bool const ours = file.is_cpp() && file.path.starts_with("src/") && !file.is_test();
        if (!ours || catch_sites.contains(file.path)) continue;
        if (file.text.find("catch (") != std::string::npos) findings.push_back(file.path);
    }
    return findings;
}

Findings migrations_in_sequence(Files const& files) {
    Findings findings;
    std::map<int, std::set<std::string>> numbered;
    std::regex const name{R"(src/\w+/schema/(\d{4})_([a-z0-9_]+)\.(up|down)\.sql)"};
    for (File const& file : files) {
        std::smatch match;
        if (!file.path.ends_with(".sql") || file.path.find("/schema/") == std::string::npos) {
            continue;
        }
        if (std::regex_match(file.path, match, name)) {
            numbered[std::stoi(match[1])].insert(match[2].str() + "." + match[3].str());
        } else {
            findings.push_back(file.path + " is not NNNN_name.{up,down}.sql");
        }
    }
    int expected = 1;
    for (auto const& [number, parts] : numbered) {
        if (number != expected++) findings.push_back("a gap before " + std::to_string(number));
        std::string const stem = parts.begin()->substr(0, parts.begin()->find('.'));
        if (parts != std::set{stem + ".up", stem + ".down"}) {
            findings.push_back(std::to_string(number) + " is not one up and its down");
        }
    }
    return findings;
}

Findings features_are_listed(Files const& files) {
    Findings findings;
    std::string list;
    for (File const& file : files) {
        if (file.path == "src/app/features.hpp") list = file.text;
    }
    for (File const& file : files) {
        auto const folder = matches(file.path, "/feature.hpp", "^src/(\\w+)/feature\\.hpp$");
        if (folder.empty()) continue;
        if (list.find(folder[0] + "::Feature") == std::string::npos) findings.push_back(file.path);
    }
    return findings;
}

constexpr std::ptrdiff_t lines_max = 600;
/// Files that are longer, with the lines each has: the numbers may only go down.
std::map<std::string, std::ptrdiff_t> const long_files{};

Findings short_files(Files const& files) {
    Findings findings;
    std::regex const kinds{R"(.*\.(cpp|hpp|sql|ts|vue|mjs|css|md)|dev)"};
    std::regex const generated{R"(docs/(api|events|config|metrics)\.md|.*\.d\.ts)"};
    for (File const& file : files) {
        if (!std::regex_match(file.path, kinds) || std::regex_match(file.path, generated)) continue;
        auto const lines = std::ranges::count(file.text, '\n');
        auto const known = long_files.find(file.path);
        if (lines > (known == long_files.end() ? lines_max : known->second)) {
            findings.push_back(file.path + " has " + std::to_string(lines) + " lines");
        }
    }
    return findings;
}

Findings names_say_something(Files const& files) {
    Findings findings;
    std::regex const vague{R"((.*[/_.-])?(utils?|common|helpers?|misc|manager)([/_.-].*)?)"};
    for (File const& file : files) {
        if (std::regex_match(file.path, vague)) findings.push_back(file.path);
    }
    return findings;
}

Findings headers_say_what_they_are_for(Files const& files) {
    Findings findings;
    for (File const& file : files) {
        if (!file.path.ends_with(".hpp")) continue;
        bool const once = file.text.find("\n#pragma once\n") != std::string::npos;
        if (!file.text.starts_with("// ") || !once) findings.push_back(file.path);
    }
    return findings;
}

Findings links_resolve(Files const& files) {
    namespace fs = std::filesystem;
    Findings findings;
    std::regex const not_prose{"```[^`]*```|`[^`\n]*`|<!--[^]*?-->"};
    std::regex const elsewhere{"([a-z]+:|#).*"};
    for (File const& file : files) {
        if (!file.path.ends_with(".md")) continue;
        fs::path const folder = (fs::path{SHOWRUNNER_SOURCE_DIR} / file.path).parent_path();
        std::string const prose = std::regex_replace(file.text, not_prose, "");
        for (std::string const& link : matches(prose, "](", R"(\]\(([^)\s]+))")) {
            if (std::regex_match(link, elsewhere)) continue;
            if (fs::exists(folder / link.substr(0, link.find('#')))) continue;
            findings.push_back(file.path + " links to " + link);
        }
    }
    return findings;
}

Findings no_place_of_one_machine(Files const& files) {
    Findings findings;
    for (File const& file : files) {
        if (file.path == "tests/tidy_test.cpp") continue;
        for (std::string const place : {"/work/", "/home/", "/root/", "/tmp/"}) {
            for (auto const& found : matches(file.text, place, "(?:^|[^\\w.}~-])(" + place + ")")) {
                findings.push_back(file.path + ": " + found);
            }
        }
        // A lock file must not say from where one machine happened to install.
        for (std::string_view const origin : {"://registry.", "\"resolved\":"}) {
            if (file.text.find(origin) == std::string::npos) continue;
            findings.push_back(file.path + ": " + std::string{origin});
        }
    }
    return findings;
}

/// Literals that `pattern` finds in src/: each is there once and starts with `prefix`.
Findings unique_literals(
    Files const& files, std::string_view literal, char const* pattern, std::string_view prefix
) {
    Findings findings;
    std::map<std::string, std::string> first;
    for (File const& file : files) {
        if (!file.is_cpp() || file.is_test()) continue;
        for (std::string const& name : matches(file.text, literal, pattern)) {
            if (!name.starts_with(prefix)) findings.push_back(file.path + ": " + name);
            auto const [it, fresh] = first.emplace(name, file.path);
            if (!fresh) findings.push_back(file.path + ": " + name + " is also in " + it->second);
        }
    }
    return findings;
}

Findings metrics_are_named_once(Files const& files) {
    return unique_literals(
        files,
        "Kind::",
        R"re("([^"\n]*)",\s*(?:\.kind = )?(?:metrics::)?Kind::(?:counter|gauge|histogram))re",
        "showrunner_"
    );
}

Findings queries_are_named_once(Files const& files) {
    return unique_literals(files, "Query ", R"re(Query(?: const)? \w+\{\s*"([^"]*)",)re", "");
}

struct Rule {
    std::string_view name;
    Findings (*check)(Files const&);
    Files bad;  ///< each of these breaks the rule by itself
};

// clang-format off
std::vector<Rule> rules() {
    return {
        {"include direction", include_direction, {
            {"src/db/pool.cpp", "#include \"http/server.hpp\"\n"},
            {"src/client/http.cpp", "#include \"http/server.hpp\"\n"},
            {"src/auth/token.hpp", "#include \"api/route.hpp\"\n"},
            {"src/shows/shows.cpp", "#include \"episodes/store.hpp\"\n"},
            {"src/base/log.cpp", "#include \"support/run.hpp\"\n"}}},
        {"banned text", banned, {
            {"src/api/route.cpp", "#include <boost/beast/http.hpp>\n"},
            {"src/http/server.hpp", "#include <boost/beast/http.hpp>\n"},
            {"src/db/a.cpp", "co_spawn(io, run(), asio::detached);"},
            {"src/db/b.cpp", "std::thread worker;"},
            {"src/db/c_test.cpp", "std::this_thread::sleep_for(1s);"},
            {"src/db/d.cpp", "auto now = std::chrono::system_clock::now();"}}},
        {"nothing left to do", nothing_left_to_do, {
            {"dev", "# TO" "DO: more"},
            {"src/db/a.cpp", "// FIX" "ME"}}},
        {"catch at boundaries", catch_at_boundaries, {
            {"src/episodes/store.cpp", "} catch (Error const& error) {"}}},
        {"migrations in sequence", migrations_in_sequence, {
            {"src/a/schema/0002_gap.up.sql", ""},
            {"src/a/schema/0001_no_down.up.sql", ""},
            {"src/a/schema/3_short.up.sql", ""}}},
        {"features are listed", features_are_listed, {{"src/jobs/feature.hpp", ""}}},
        {"short files", short_files, {
            {"src/db/pool.cpp", std::string(601, '\n')},
            {"web/src/App.vue", std::string(601, '\n')}}},
        {"names say something", names_say_something, {
            {"src/db/string_utils.hpp", ""},
            {"src/common/a.hpp", ""},
            {"web/src/helpers.ts", ""}}},
        {"headers say what they are for", headers_say_what_they_are_for, {
            {"src/a.hpp", "#pragma once\n"},
            {"src/b.hpp", "// Two of them.\n#include <map>\n"}}},
        {"links resolve", links_resolve, {
            {"README.md", "See [this](docs/nowhere.md)."},
            {"docs/a.md", "[x](../src/none.cpp#L3)"}}},
        {"no place of one machine", no_place_of_one_machine, {
            {"dev", "cd /home/somebody"},
            {"tests/e2e/package-lock.json", "\"resolved\": \"\""}}},
        {"metrics are named once", metrics_are_named_once, {
            {"src/a.cpp", "Spec a{\"requests_total\", metrics::Kind::counter};"},
            {"src/b.cpp", "{.name = \"showrunner_a\",\n.kind = metrics::Kind::gauge}"
                          "{\"showrunner_a\", Kind::gauge}"}}},
        {"queries are named once", queries_are_named_once, {
            {"src/a.cpp", "db::Query const a{\n\"find\", \"\"}; Query b{\"find\", \"\"};"}}},
    };
}

// clang-format on

}  // namespace

TEST_CASE("every rule of the code base can fail") {
    for (Rule const& rule : rules()) {
        for (File const& bad : rule.bad) {
            INFO(rule.name, ": ", bad.path);
            CHECK_FALSE(rule.check({bad}).empty());
        }
    }
}

TEST_CASE("the code base keeps its rules") {
    for (Rule const& rule : rules()) {
        for (std::string const& finding : rule.check(tree())) {
            FAIL_CHECK(rule.name, ": ", finding);
        }
    }
}

TEST_CASE("the rules see the whole tree, and their lists hold nothing that is gone") {
    std::map<std::string, std::string_view> texts;
    for (File const& file : tree()) texts[file.path] = file.text;
    for (char const* path :
         {"dev", "src/main.cpp", "src/app/features.hpp", "tests/tidy_test.cpp"}) {
        CHECK(texts.contains(path));
    }
    for (auto const& [path, reason] : catch_sites) {
        INFO(path, ": ", reason);
        CHECK(texts[path].find("catch (") != std::string_view::npos);
    }
    for (auto const& [path, lines] : long_files) {
        INFO(path);
        CHECK(std::ranges::count(texts[path], '\n') == lines);
        CHECK(lines > lines_max);
    }
}

}  // namespace showrunner
