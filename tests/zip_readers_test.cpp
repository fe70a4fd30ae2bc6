// Other programs read our archives, also those that need the 64-bit format.
#include "base/id.hpp"
#include "base/zip.hpp"
#include "process/child.hpp"
#include "support/run.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace showrunner {

namespace {

namespace fs = std::filesystem;

Time const noon = *parse_time("2026-11-20T12:37:24Z");

/// An archive in a folder that goes away with it.
class Archive {
public:
    explicit Archive(std::uint64_t offset = 0) {
        fs::create_directory(folder_);
        {
            std::ofstream const made{path_};
        }
        // A hole: it takes no room.
        fs::resize_file(path_, offset);
        file_.open(path_, std::ios::binary | std::ios::app);
    }

    Archive(Archive const&) = delete;
    Archive& operator=(Archive const&) = delete;

    ~Archive() {
        std::error_code error;
        fs::remove_all(folder_, error);
    }

    ZipWriter::Sink sink() {
        return [this](std::string_view bytes) {
            file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        };
    }

    /// The lines that `program` prints of it; nothing when there is no such program here.
    std::optional<std::vector<std::string>> read_by(
        std::string const& program, std::vector<std::string> arguments
    ) {
        if (!fs::exists(program)) return std::nullopt;
        file_.flush();
        arguments.push_back(path_);
        process::Command command{.program = program, .arguments = std::move(arguments)};
        command.working_directory = folder_;
        std::vector<std::string> lines;
        asio::io_context io{1};
        auto const exit = test::run(
            io,
            process::run(
                std::move(command),
                [&](std::string_view line) { lines.emplace_back(line); },
                [](std::string_view line) { MESSAGE(std::string{line}); }
            )
        );
        CHECK(exit.succeeded());
        return lines;
    }

private:
    fs::path folder_ = fs::temp_directory_path() / ("showrunner-test-" + random_token(9));
    std::string path_ = folder_ / "a.zip";
    std::ofstream file_;
};

constexpr char const* python = "/usr/bin/python3";
/// Names, sizes and times, when every content is what its checksum says.
constexpr char const* list_all =
    "import sys, zipfile\n"
    "with zipfile.ZipFile(sys.argv[1]) as z:\n"
    "    assert z.testzip() is None\n"
    "    for i in z.infolist(): print(i.filename, i.file_size, *i.date_time)\n";

void add_samples(ZipWriter& zip) {
    std::string const content(200'000, 'x');
    zip.begin({.name = "Größe/a.csv", .modified = noon});
    zip.write(content);
    zip.end();
    zip.begin({.name = "b.bin", .modified = noon, .method = ZipWriter::Method::stored});
    zip.write(content);
    zip.end();
    zip.begin({.name = "large", .modified = noon, .bytes_max = 1ULL << 40U});
    zip.write(content);
    zip.end();
    zip.finish();
}

std::vector<std::string> const samples{
    "Größe/a.csv 200000 2026 11 20 12 37 24",
    "b.bin 200000 2026 11 20 12 37 24",
    "large 200000 2026 11 20 12 37 24",
};

}  // namespace

TEST_CASE("zip: Python and unzip read an archive") {
    Archive archive;
    ZipWriter zip{archive.sink()};
    add_samples(zip);
    auto const seen = archive.read_by(python, {"-c", list_all});
    if (seen) CHECK(*seen == samples);
    auto const tested = archive.read_by("/usr/bin/unzip", {"-t", "-qq"});
    if (tested) CHECK(tested->empty());
}

TEST_CASE("zip: an archive beyond 4 GiB is read") {
    constexpr std::uint64_t offset = 5ULL << 30U;
    Archive archive{offset};
    ZipWriter zip{archive.sink(), offset};
    add_samples(zip);
    auto const seen = archive.read_by(python, {"-c", list_all});
    if (seen) CHECK(*seen == samples);
}

TEST_CASE("zip: an archive of more than 65,535 files is read") {
    Archive archive;
    ZipWriter zip{archive.sink()};
    for (int i = 0; i < 66'000; ++i) {
        zip.begin(
            {.name = fmt::format("{}", i), .modified = noon, .method = ZipWriter::Method::stored}
        );
        zip.end();
    }
    zip.finish();
    auto const seen = archive.read_by(
        python, {"-c", "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))"}
    );
    if (seen) CHECK(*seen == std::vector<std::string>{"66000"});
}

}  // namespace showrunner
