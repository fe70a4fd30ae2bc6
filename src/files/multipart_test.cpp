#include "files/multipart.hpp"

#include "base/error.hpp"
#include "support/run.hpp"

#include <doctest/doctest.h>

namespace showrunner::files {

namespace {

/// Gives a text in pieces of a size.
class Pieces final : public http::BodyReader {
public:
    Pieces(std::string text, std::size_t size) : text_{std::move(text)}, size_{size} {}

    Task<bool> read(std::string& chunk) override {
        chunk = text_.substr(at_, size_);
        at_ += chunk.size();
        co_return !chunk.empty();
    }

private:
    std::string text_;
    std::size_t size_;
    std::size_t at_ = 0;
};

constexpr std::string_view type = "multipart/form-data; boundary=\"b--1\"";

/// `name[file]=content;…`
Task<std::string> parse(http::BodyReader& source) {
    Multipart form{source, type};
    std::string out;
    for (;;) {
        auto const part = co_await form.next();
        if (!part) break;
        out += part->name;
        if (part->file_name) out += "[" + *part->file_name + "]";
        out += "=";
        std::string chunk;
        for (;;) {
            bool const more = co_await form.read(chunk);
            if (!more) break;
            out += chunk;
        }
        out += ";";
    }
    co_return out;
}

std::string parsed(std::string text, std::size_t size = 1000) {
    asio::io_context io{1};
    Pieces source{std::move(text), size};
    return test::run(io, parse(source));
}

std::string const two =
    "--b--1\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nimage\r\n"
    "--b--1\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a;\\\"b\\\" %22.png\"\r\n"
    "Content-Type: image/png\r\n\r\n\r\n--b--2\r\n--b-\r\n\r\n--b--1--\r\n";

}  // namespace

TEST_CASE("multipart: parts come out whole, however the body is cut") {
    for (std::size_t size = 1; size < two.size(); ++size) {
        INFO(size);
        CHECK(parsed(two, size) == "kind=image;file[a;\"b\" \".png]=\r\n--b--2\r\n--b-\r\n;");
    }
    CHECK(parsed("ignored\r\n--b--1--") == "");
    CHECK(parsed("--b--1--") == "");
    CHECK(parsed("--b--1\r\nContent-Disposition: form-data; name=e\r\n\r\n\r\n--b--1--") == "e=;");
}

TEST_CASE("multipart: what is none is refused") {
    for (std::string const& bad :
         {std::string{},
          std::string{"nothing"},
          two.substr(0, two.size() - 12),
          std::string{"--b--1\r\nno field\r\n\r\nx\r\n--b--1--"},
          std::string{"--b--1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--1--"},
          std::string{"--b--1 \r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--1--"},
          "--b--1\r\nX: " + std::string(20'000, 'x')}) {
        INFO(bad.substr(0, 60));
        CHECK_THROWS_AS(parsed(bad), Error);
    }
    Pieces source{"", 1};
    CHECK_THROWS_AS((Multipart{source, "multipart/form-data"}), Error);
    CHECK_THROWS_AS((Multipart{source, "multipart/form-data; boundary=\"\""}), Error);
}

TEST_CASE("multipart: parameters of a header") {
    CHECK(parameter_of("a; b=c; d=\"e;f\"", "d") == "e;f");
    CHECK(parameter_of("a; B = c", "b") == "c");
    CHECK(parameter_of("a; flag; b=c", "b") == "c");
    CHECK_FALSE(parameter_of("a; b=c", "a"));
    CHECK(parameter_of("a; b=\"open", "b") == "open");
}

}  // namespace showrunner::files
