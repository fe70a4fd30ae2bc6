#include "http/static_files.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace showrunner::http {

namespace fs = std::filesystem;

namespace {

/// A folder as the build of the web app leaves it; gone with the test.
class WebFolder {
public:
    WebFolder() {
        std::string path = (fs::temp_directory_path() / "showrunner-web-XXXXXX").string();
        REQUIRE(::mkdtemp(path.data()) != nullptr);
        path_ = path;
        fs::create_directories(path_ / "assets");
        write("index.html", "<title>app</title>");
        write("favicon.svg", "<svg/>");
        write("assets/app-1a2b.js", "let plain");
        write("assets/app-1a2b.js.br", "packed by brotli");
        write("assets/app-1a2b.js.gz", "packed by gzip");
        write("assets/font.woff2", "font");
        write("download.tar.gz", "an archive, no variant");
    }

    ~WebFolder() { fs::remove_all(path_); }

    WebFolder(WebFolder const&) = delete;
    WebFolder& operator=(WebFolder const&) = delete;

    void write(std::string const& name, std::string_view content) const {
        std::ofstream{path_ / name} << content;
    }

    [[nodiscard]] fs::path const& path() const { return path_; }

private:
    fs::path path_;
};

Request get(std::string path, std::string accept_encoding = {}) {
    Request request;
    request.path = std::move(path);
    if (!accept_encoding.empty()) request.headers.set("Accept-Encoding", accept_encoding);
    return request;
}

}  // namespace

TEST_CASE("static: assets are immutable and come in the best variant") {
    WebFolder const folder;
    StaticFiles const files{folder.path()};
    auto const body = [&](std::string const& accept) {
        return files.serve(get("/assets/app-1a2b.js", accept)).body;
    };
    CHECK(body("") == "let plain");
    CHECK(body("gzip, deflate, br") == "packed by brotli");
    CHECK(body("gzip") == "packed by gzip");
    CHECK(body("br;q=0.1, gzip;q=0.9") == "packed by gzip");
    CHECK(body("br;q=0, gzip;q=0") == "let plain");
    CHECK(body("br;q=0.5, identity") == "let plain");

    Response const response = files.serve(get("/assets/app-1a2b.js", "br"));
    CHECK(response.status == 200);
    CHECK(response.headers.get("Content-Type") == "text/javascript; charset=utf-8");
    CHECK(response.headers.get("Content-Encoding") == "br");
    CHECK(response.headers.get("Cache-Control") == "public, max-age=31536000, immutable");
    CHECK(response.headers.get("Vary") == "Accept-Encoding");
    CHECK(
        response.headers.get("ETag") != files.serve(get("/assets/app-1a2b.js")).headers.get("ETag")
    );
    CHECK(files.serve(get("/assets/font.woff2", "br")).headers.get("Content-Type") == "font/woff2");
    CHECK_FALSE(files.serve(get("/assets/font.woff2", "br")).headers.has("Content-Encoding"));
}

TEST_CASE("static: paths of the app are index.html, files that are missing are 404") {
    WebFolder const folder;
    Headers html_headers;
    html_headers.set("Content-Security-Policy", "default-src 'self'");
    StaticFiles const files{folder.path(), html_headers};
    for (char const* path : {"/", "/index.html", "/episodes", "/episodes/123/edit", "/a/"}) {
        Response const response = files.serve(get(path));
        CHECK(response.status == 200);
        CHECK(response.body == "<title>app</title>");
        CHECK(response.headers.get("Cache-Control") == "no-cache");
        CHECK(response.headers.get("Content-Type") == "text/html; charset=utf-8");
        CHECK(response.headers.get("Content-Security-Policy") == "default-src 'self'");
        CHECK_FALSE(response.headers.get("ETag").empty());
    }
    for (char const* path :
         {"/assets/app-old.js",
          "/assets/",
          "/assets",
          "/missing.png",
          "/assets/app-1a2b.js.br",
          "/../index.html",
          "/assets/../../etc/passwd",
          "//etc/shadow.txt"}) {
        Response const response = files.serve(get(path));
        CAPTURE(path);
        bool const is_app = std::string_view{path} == "/assets";
        bool const is_file_of_the_app = response.status == 404 || is_app;
        CHECK(is_file_of_the_app);
        CHECK(response.body.find("root:") == std::string::npos);
    }
    CHECK(files.serve(get("/download.tar.gz")).body == "an archive, no variant");
    CHECK_FALSE(files.serve(get("/favicon.svg")).headers.has("Content-Security-Policy"));
}

TEST_CASE("static: conditional requests and other verbs") {
    WebFolder const folder;
    StaticFiles const files{folder.path()};
    Request request = get("/");
    std::string const etag{files.serve(request).headers.get("ETag")};
    auto const status = [&](std::string const& if_none_match) {
        request.headers.set("If-None-Match", if_none_match);
        return files.serve(request).status;
    };
    CHECK(status(etag) == 304);
    CHECK(status("\"other\", W/" + etag) == 304);
    CHECK(status("*") == 304);
    CHECK(status("\"other\"") == 200);
    CHECK(status(",") == 200);
    request.headers.set("If-None-Match", etag);
    Response const unchanged = files.serve(request);
    CHECK(unchanged.body.empty());
    CHECK(unchanged.headers.get("ETag") == etag);
    request.method = Verb::post;
    Response const refused = files.serve(request);
    CHECK(refused.status == 405);
    CHECK(refused.headers.get("Allow") == "GET, HEAD");
    request = get("/");
    request.method = Verb::head;
    CHECK(files.serve(request).status == 200);
}

TEST_CASE("static: the build id follows index.html") {
    WebFolder const folder;
    std::string const before = StaticFiles{folder.path()}.build_id();
    CHECK(before.size() == 12);
    CHECK(StaticFiles{folder.path()}.build_id() == before);
    folder.write("index.html", "<title>new</title>");
    CHECK(StaticFiles{folder.path()}.build_id() != before);
    CHECK_THROWS_AS(StaticFiles{folder.path() / "assets"}, std::runtime_error);
}

}  // namespace showrunner::http
