// What the tests of files stand on: a server with an episode, and the ways to upload.
#pragma once

#include "base/id.hpp"
#include "support/server.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::test {

using FieldList = std::vector<std::pair<std::string, std::string>>;

/// A picture of one pixel.
inline std::string const& png() {
    static std::string const bytes{
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx"
        "\x9c"
        "c\xf8\xcf\xc0\xf0\x1f\0\5\0\1\xff\x89\x99=\x1d\0\0\0\0IEND\xae"
        "B`\x82",
        70
    };
    return bytes;
}

struct FilesTest {
    explicit FilesTest(app::Config config = {}) : server{std::move(config)} {
        auto const made = server.call(
            auth::Role::editor,
            "POST",
            "/api/v1/episodes",
            R"({"title":"Pilot","episode_number":1})"
        );
        REQUIRE(made.status == 201);
        episode = at(made.body, "data.id");
    }

    /// As a form with one file.
    [[nodiscard]] HttpResponse upload(
        std::string const& name, std::string const& content, FieldList const& fields = {}
    ) const {
        std::string body;
        for (auto const& [field, value] : fields) {
            body += "--x\r\nContent-Disposition: form-data; name=\"" + field + "\"\r\n\r\n";
            body += value + "\r\n";
        }
        body += "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name;
        body += "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n--x--\r\n";
        return server.call(
            auth::Role::editor,
            "POST",
            "/api/v1/episodes/" + episode + "/files",
            body,
            {{"Content-Type", "multipart/form-data; boundary=x"}}
        );
    }

    /// The id of a file that is ready.
    [[nodiscard]] std::string ready(std::string const& name, std::string const& content) const {
        auto const made = upload(name, content);
        INFO(made.body);
        REQUIRE(made.status == 201);
        return at(made.body, "data.id");
    }

    [[nodiscard]] HttpResponse get(std::string const& path, FieldList const& headers = {}) const {
        return server.call(auth::Role::viewer, "GET", "/api/v1" + path, {}, headers);
    }

    [[nodiscard]] HttpResponse tus(
        std::string const& method,
        std::string const& path,
        FieldList headers = {},
        std::string const& body = {}
    ) const {
        headers.emplace_back("Tus-Resumable", "1.0.0");
        bool const chunk = method == "PATCH" || !body.empty();
        if (chunk) headers.emplace_back("Content-Type", "application/offset+octet-stream");
        return server.call(auth::Role::editor, method, path, body, headers);
    }

    /// `Upload-Metadata` with the name and the episode.
    [[nodiscard]] std::string metadata(std::string const& name) const {
        return "filename " + base64(name) + ",episode_id " + base64(episode);
    }

    [[nodiscard]] static std::string base64(std::string_view bytes) {
        static constexpr std::string_view digits =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string text;
        unsigned value = 0;
        int bits = 0;
        for (char const c : bytes) {
            value = value << 8U | static_cast<unsigned char>(c);
            bits += 8;
            while (bits >= 6) {
                bits -= 6;
                text += digits[value >> static_cast<unsigned>(bits) & 63U];
            }
        }
        if (bits > 0) text += digits[value << static_cast<unsigned>(6 - bits) & 63U];
        while (text.size() % 4 != 0) text += '=';
        return text;
    }

    /// Files that the store holds, staged or not.
    [[nodiscard]] std::size_t stored(std::string_view part = "") const {
        std::size_t count = 0;
        auto const folder = server.folder() / part;
        for (auto const& entry : std::filesystem::recursive_directory_iterator{folder}) {
            if (entry.is_regular_file()) ++count;
        }
        return count;
    }

    [[nodiscard]] std::string last_file(std::string_view column) const {
        return server.database().sql(
            "SELECT " + std::string{column} + " FROM files ORDER BY id DESC LIMIT 1"
        );
    }

    TestServer server;
    std::string episode;
};

}  // namespace showrunner::test
