#include "app/config.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

namespace showrunner::app {

namespace {

std::string refusal(
    std::map<std::string, std::string> const& flags,
    std::map<std::string, std::string> const& environment,
    std::string const& file = {}
) {
    try {
        (void)load_config(flags, environment, file);
    } catch (std::exception const& error) {
        return error.what();
    }
    return {};
}

struct TomlFile {
    std::string path = std::tmpnam(nullptr) + std::string{".toml"};

    explicit TomlFile(std::string const& text) { std::ofstream{path} << text; }

    ~TomlFile() { std::remove(path.c_str()); }

    TomlFile(TomlFile const&) = delete;
    TomlFile& operator=(TomlFile const&) = delete;
};

}  // namespace

TEST_CASE("a flag wins over a variable, a variable over the file, the file over the default") {
    TomlFile const file{"data_dir = \"/file\"\nping_interval_ms = 300\nlisten = \"[::1]:1\"\n"};
    LoadedConfig const loaded = load_config(
        {{"listen", "127.0.0.1:1"}},
        {{"SHOWRUNNER_LISTEN", "127.0.0.1:2"},
         {"SHOWRUNNER_DATA_DIR", "/variable"},
         {"DATABASE_URL", "x"}},
        file.path
    );
    CHECK(loaded.config.listen == "127.0.0.1:1");
    CHECK(loaded.settings.at("listen").source == "--listen");
    CHECK(loaded.config.data_dir == "/variable");
    CHECK(loaded.settings.at("data_dir").source == "SHOWRUNNER_DATA_DIR");
    CHECK(loaded.config.ping_interval_ms == 300);
    CHECK(loaded.config.database_url == "x");
    CHECK(loaded.settings.at("drain_timeout_ms").source == "default");
}

TEST_CASE("an unknown or bad key is refused by its name") {
    CHECK(refusal({}, {}).empty());
    CHECK(
        refusal({}, {{"SHOWRUNNER_LISTENN", "x"}}) == "SHOWRUNNER_LISTENN is not a known variable"
    );
    CHECK(refusal({}, {{"SHOWRUNNER_TEST_BIN", "x"}}).empty());
    CHECK(
        refusal({{"db_connections", "many"}}, {}).find("db_connections (from --db-connections)") ==
        0
    );
    CHECK(refusal({{"db_connections", "1"}}, {}).find("from 4 to 500") != std::string::npos);
    CHECK(refusal({{"log_level", "loud"}}, {}).find("log_level") == 0);
    CHECK(refusal({{"secret", "short"}}, {}).find("secret") == 0);
    CHECK(refusal({}, {{"JOB_QUEUE", "redis"}}) == "job_queue must be postgres or sqs");
    CHECK(refusal({}, {{"JOB_QUEUE", "sqs"}}).empty());
    CHECK(refusal({}, {{"FILE_STORE", "tape"}}) == "file_store must be disk or s3");
    CHECK(refusal({}, {{"FILE_STORE", "s3"}}).find("file_store = s3 needs s3_bucket") == 0);
    CHECK(refusal({}, {{"FILE_STORE", "s3"}, {"S3_BUCKET", "a/b"}}).find("file_store = s3") == 0);
    CHECK(refusal({}, {{"FILE_STORE", "s3"}, {"S3_BUCKET", "show-files"}}).empty());
    CHECK(refusal({}, {{"SHOWRUNNER_S3_STYLE", "old"}}).find("s3_style must be") == 0);
    TomlFile const file{"liste = \"x\"\n"};
    CHECK(refusal({}, {}, file.path).find("liste is not a known key") != std::string::npos);
}

}  // namespace showrunner::app
