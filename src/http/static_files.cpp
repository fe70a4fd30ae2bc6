#include "http/static_files.hpp"

#include "base/id.hpp"
#include "http/compress.hpp"
#include "http/grammar.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <unordered_map>

namespace showrunner::http {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view html = "text/html; charset=utf-8";

std::string_view type_of(fs::path const& file) {
    struct Type {
        std::string_view extension;
        std::string_view type;
    };

    static constexpr std::array<Type, 22> types{{
        {".html", html},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".webp", "image/webp"},
        {".avif", "image/avif"},
        {".ico", "image/x-icon"},
        {".woff", "font/woff"},
        {".woff2", "font/woff2"},
        {".ttf", "font/ttf"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
        {".xml", "application/xml"},
        {".pdf", "application/pdf"},
    }};
    std::string const extension = file.extension().string();
    for (Type const& type : types) {
        if (type.extension == extension) return type.type;
    }
    return "application/octet-stream";
}

std::string read_whole(fs::path const& file) {
    std::ifstream stream{file, std::ios::binary};
    std::string content{std::istreambuf_iterator<char>{stream}, {}};
    if (!stream) throw std::runtime_error{"cannot read " + file.string()};
    return content;
}

/// RFC 9110 section 13.1.2: any tag of the list, weakly compared.
bool matches(std::string_view if_none_match, std::string_view etag) {
    while (!if_none_match.empty()) {
        std::string_view tag = next_element(if_none_match, ',');
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == "*" || tag == etag) return true;
    }
    return false;
}

}  // namespace

struct StaticFiles::State {
    struct Variant {
        std::string body;
        std::string etag;  ///< with the quotes
    };

    struct File {
        std::string_view type;
        std::string_view cache_control;
        Variant plain;
        std::optional<Variant> br;
        std::optional<Variant> gzip;
    };

    struct Choice {
        Variant const& variant;
        std::string_view coding;  ///< empty for the plain file
    };

    std::unordered_map<std::string, File> files;  ///< by path, from the slash
    Headers html_headers;
    std::string build_id;

    void load(fs::path const& folder);
    [[nodiscard]] File const* find(std::string const& path) const;
    static Choice choose(File const& file, std::string_view accept_encoding);
};

void StaticFiles::State::load(fs::path const& folder) {
    for (auto const& entry : fs::recursive_directory_iterator{folder}) {
        if (!entry.is_regular_file()) continue;
        fs::path const& file = entry.path();
        std::string const extension = file.extension().string();
        bool const packed = extension == ".br" || extension == ".gz";
        fs::path plain = file;
        if (packed && fs::is_regular_file(plain.replace_extension())) continue;
        std::string path = '/' + file.lexically_relative(folder).generic_string();
        File loaded{type_of(file), "no-cache", {read_whole(file), {}}, {}, {}};
        if (path.starts_with("/assets/")) {
            loaded.cache_control = "public, max-age=31536000, immutable";
        }
        std::string const hash = sha256_hex(loaded.plain.body).substr(0, 16);
        loaded.plain.etag = '"' + hash + '"';
        if (fs::is_regular_file(file.string() + ".br")) {
            loaded.br = Variant{read_whole(file.string() + ".br"), '"' + hash + "-br\""};
        }
        if (fs::is_regular_file(file.string() + ".gz")) {
            loaded.gzip = Variant{read_whole(file.string() + ".gz"), '"' + hash + "-gz\""};
        }
        files.emplace(std::move(path), std::move(loaded));
    }
}

StaticFiles::State::File const* StaticFiles::State::find(std::string const& path) const {
    auto const found = files.find(path);
    if (found != files.end()) return &found->second;
    std::string_view const name = std::string_view{path}.substr(path.rfind('/') + 1);
    bool const is_file = name.find('.') != std::string_view::npos;
    if (is_file || path.starts_with("/assets/")) return nullptr;
    return &files.at("/index.html");
}

StaticFiles::State::Choice StaticFiles::State::choose(
    File const& file, std::string_view accept_encoding
) {
    unsigned const plain = quality_of(accept_encoding, "identity");
    unsigned const br = file.br ? quality_of(accept_encoding, "br") : 0;
    unsigned const gzip = file.gzip ? quality_of(accept_encoding, "gzip") : 0;
    if (br > 0 && br >= gzip && br >= plain) return {*file.br, "br"};
    if (gzip > 0 && gzip >= plain) return {*file.gzip, "gzip"};
    return {file.plain, {}};
}

StaticFiles::StaticFiles(fs::path const& folder, Headers html_headers)
    : state_{std::make_unique<State>()} {
    if (!fs::is_regular_file(folder / "index.html")) {
        throw std::runtime_error{"no index.html in the web folder " + folder.string()};
    }
    state_->html_headers = std::move(html_headers);
    state_->load(folder);
    state_->build_id = sha256_hex(state_->files.at("/index.html").plain.body).substr(0, 12);
}

StaticFiles::~StaticFiles() = default;
StaticFiles::StaticFiles(StaticFiles&&) noexcept = default;

std::string const& StaticFiles::build_id() const {
    return state_->build_id;
}

Response StaticFiles::serve(Request const& request) const {
    if (request.method != Verb::get && request.method != Verb::head) {
        Response refused = Response::text(405, "method not allowed\n");
        refused.headers.set("Allow", "GET, HEAD");
        return refused;
    }
    State::File const* const file = state_->find(request.path);
    if (file == nullptr) {
        Response missing = Response::text(404, "not found\n");
        missing.headers.set("Cache-Control", "no-cache");
        return missing;
    }
    auto const [variant, coding] = State::choose(*file, request.headers.get("Accept-Encoding"));
    Response response;
    Headers& headers = response.headers;
    headers.add("ETag", variant.etag);
    headers.add("Cache-Control", std::string{file->cache_control});
    if (file->br || file->gzip) headers.add("Vary", "Accept-Encoding");
    if (file->type == html) {
        for (auto const& [name, value] : state_->html_headers) headers.add(name, value);
    }
    if (matches(request.headers.get("If-None-Match"), variant.etag)) {
        response.status = 304;
        return response;
    }
    headers.add("Content-Type", std::string{file->type});
    if (!coding.empty()) headers.add("Content-Encoding", std::string{coding});
    // Where the build made no variants, the connection may compress.
    response.compressible = !file->br && !file->gzip;
    response.body = variant.body;
    return response;
}

}  // namespace showrunner::http
