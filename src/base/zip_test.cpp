// Archives as bytes: what the format says, and the limits. tests/zip_readers_test.cpp has other
// programs read them.
#include "base/zip.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <map>

namespace showrunner {

namespace {

Time const noon = *parse_time("2026-11-20T12:37:24.123Z");

struct Found {
    std::string content;
    std::uint64_t modified = 0;
};

/// A reader of our own: by the directory, each content checked against sizes and checksum.
class Reader {
public:
    explicit Reader(std::string archive) : archive_{std::move(archive)} {}

    std::map<std::string, Found> files() {
        std::size_t const end = archive_.size() - 22;
        REQUIRE(number(end, 4) == 0x0605'4b50);
        std::uint64_t const count = number(end + 10, 2);
        std::size_t at = number(end + 16, 4);
        CHECK(at + number(end + 12, 4) == end);
        std::map<std::string, Found> files;
        for (std::uint64_t i = 0; i < count; ++i) {
            REQUIRE(number(at, 4) == 0x0201'4b50);
            std::size_t const name_bytes = number(at + 28, 2);
            std::string const name = archive_.substr(at + 46, name_bytes);
            files[name] = {content(at), number(at + 12, 4)};
            at += 46 + name_bytes + number(at + 30, 2);
        }
        return files;
    }

private:
    [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t bytes) const {
        std::uint64_t value = 0;
        for (std::size_t i = bytes; i-- > 0;) {
            value = value << 8U | static_cast<unsigned char>(archive_.at(at + i));
        }
        return value;
    }

    std::string content(std::size_t entry) {
        std::size_t const packed = number(entry + 20, 4);
        std::size_t const bytes = number(entry + 24, 4);
        std::size_t const local = number(entry + 42, 4);
        REQUIRE(number(local, 4) == 0x0403'4b50);
        CHECK(number(local + 6, 2) == number(entry + 8, 2));
        bool const large = number(local + 28, 2) > 0;
        std::size_t const at = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        std::string out = archive_.substr(at, packed);
        if (number(entry + 10, 2) == Z_DEFLATED) out = inflated(out, bytes);
        CHECK(out.size() == bytes);
        auto const crc =
            ::crc32_z(0, reinterpret_cast<unsigned char const*>(out.data()), out.size());
        CHECK(crc == number(entry + 16, 4));
        std::size_t const descriptor = at + packed;
        CHECK(number(descriptor, 4) == 0x0807'4b50);
        CHECK(number(descriptor + 4, 4) == crc);
        CHECK(number(descriptor + 8, large ? 8 : 4) == packed);
        CHECK(number(descriptor + (large ? 16 : 12), large ? 8 : 4) == bytes);
        return out;
    }

    static std::string inflated(std::string& packed, std::size_t bytes) {
        std::string out(bytes + 1, '\0');
        z_stream stream{};
        REQUIRE(::inflateInit2(&stream, -MAX_WBITS) == Z_OK);
        stream.next_in = reinterpret_cast<unsigned char*>(packed.data());
        stream.avail_in = static_cast<unsigned>(packed.size());
        stream.next_out = reinterpret_cast<unsigned char*>(out.data());
        stream.avail_out = static_cast<unsigned>(out.size());
        CHECK(::inflate(&stream, Z_FINISH) == Z_STREAM_END);
        CHECK(stream.avail_in == 0);
        out.resize(stream.total_out);
        ::inflateEnd(&stream);
        return out;
    }

    std::string archive_;
};

void add(ZipWriter& zip, ZipWriter::File const& file, std::string_view content, std::size_t step) {
    zip.begin(file);
    for (; !content.empty(); content.remove_prefix(std::min(step, content.size()))) {
        zip.write(content.substr(0, step));
    }
    zip.end();
}

std::string made_of(std::string const& content, std::size_t step) {
    std::string out;
    ZipWriter zip{[&](std::string_view bytes) {
        CHECK(bytes.size() <= ZipWriter::piece_bytes_max);
        out += bytes;
    }};
    add(zip, {.name = "empty", .modified = noon}, "", step);
    add(zip, {.name = "a/Größe.txt", .modified = noon}, content, step);
    add(zip,
        {.name = "stored.bin", .modified = noon, .method = ZipWriter::Method::stored},
        content,
        step);
    add(zip, {.name = "large", .modified = noon, .bytes_max = 1ULL << 40U}, content, step);
    zip.finish();
    CHECK(zip.position() == out.size());
    return out;
}

/// Text that compresses somewhat.
std::string sample(std::size_t bytes) {
    std::string text;
    for (unsigned i = 1; text.size() < bytes; i = i * 1'664'525U + 1'013'904'223U) {
        text += fmt::format("{:x} painting ", i >> 8U);
    }
    text.resize(bytes);
    return text;
}

}  // namespace

TEST_CASE("zip: what is written can be read again, however it came") {
    for (std::size_t const bytes : {1UL, 1000UL, 300'000UL}) {
        std::string const content = sample(bytes);
        for (std::size_t const step : {997UL, 65'536UL, 1'000'000UL}) {
            auto const files = Reader{made_of(content, step)}.files();
            REQUIRE(files.size() == 4);
            CHECK(files.at("empty").content.empty());
            for (char const* name : {"a/Größe.txt", "stored.bin", "large"}) {
                CHECK(files.at(name).content == content);
            }
        }
    }
}

TEST_CASE("zip: the same calls make the same bytes") {
    CHECK(made_of(sample(100'000), 4096) == made_of(sample(100'000), 4096));
}

TEST_CASE("zip: times are those that are given, in UTC") {
    auto const modified = [](char const* text) {
        std::string out;
        ZipWriter zip{[&](std::string_view bytes) { out += bytes; }};
        add(zip, {.name = "a", .modified = *parse_time(text)}, "", 1);
        zip.finish();
        return Reader{out}.files().at("a").modified;
    };
    CHECK(
        modified("2026-11-20T12:37:24Z") ==
        (46U << 25U | 11U << 21U | 20U << 16U | 12U << 11U | 37U << 5U | 12U)
    );
    CHECK(modified("1970-01-01T00:00:00Z") == modified("1980-01-01T00:00:00Z"));
    CHECK(modified("2200-01-01T00:00:00Z") == modified("2107-12-31T23:59:59Z"));
}

TEST_CASE("zip: names stay in the folder that an archive is unpacked into") {
    CHECK(ZipWriter::safe_name("episodes/1/Größe.mov") == "episodes/1/Größe.mov");
    CHECK(ZipWriter::safe_name("/etc/passwd") == "etc/passwd");
    CHECK(ZipWriter::safe_name("../../a//./b") == "a/b");
    CHECK(ZipWriter::safe_name("C:\\x\n") == "C__x_");
    CHECK(ZipWriter::safe_name("..") == "_");
    CHECK(ZipWriter::safe_name("a/") == "a");
    CHECK(ZipWriter::safe_name("a/..") == "a");
    std::string const wide = ZipWriter::safe_name("x" + std::string(2000, '\xc3'));
    CHECK(wide.size() <= ZipWriter::name_bytes_max);
    std::string umlauts = "x";
    for (int i = 0; i < 1000; ++i) umlauts += "ü";
    CHECK(ZipWriter::safe_name(umlauts).size() == ZipWriter::name_bytes_max - 1);
}

TEST_CASE("zip: calls that make no archive are refused") {
    ZipWriter zip{[](std::string_view) {}};
    CHECK_THROWS_AS(zip.write("a"), std::logic_error);
    CHECK_THROWS_AS(zip.begin({.name = "../a", .modified = noon}), std::logic_error);
    zip.begin({.name = "a", .modified = noon, .bytes_max = 3});
    CHECK_THROWS_AS(zip.begin({.name = "b", .modified = noon}), std::logic_error);
    CHECK_THROWS_AS(zip.finish(), std::logic_error);
    zip.write("abc");
    CHECK_THROWS_AS(zip.write("d"), std::logic_error);
    zip.end();
    zip.finish();
    CHECK_THROWS_AS(zip.finish(), std::logic_error);
}

}  // namespace showrunner
