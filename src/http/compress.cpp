#include "http/compress.hpp"

#include "http/grammar.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace showrunner::http {

namespace {

/// `0.5` → 500; a malformed weight counts as 0.
unsigned parse_weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    unsigned weight = text[0] == '1' ? 1000 : 0;
    if (text.size() > 1 && text[1] != '.') return 0;
    unsigned scale = 100;
    for (char const c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (c < '0' || c > '9') return 0;
        weight += static_cast<unsigned>(c - '0') * scale;
        scale /= 10;
    }
    return std::min(weight, 1000U);
}

bool is_compressible(std::string_view type) {
    std::string_view const media = trim(type.substr(0, type.find(';')));
    if (media == "text/event-stream") return false;
    static constexpr std::array<std::string_view, 7> types{
        "application/json",
        "application/javascript",
        "application/xml",
        "application/manifest+json",
        "application/x-ndjson",
        "application/wasm",
        "image/svg+xml"
    };
    return media.starts_with("text/") || media.ends_with("+json") || media.ends_with("+xml") ||
           std::find(types.begin(), types.end(), media) != types.end();
}

}  // namespace

unsigned quality_of(std::string_view accept_encoding, std::string_view coding) {
    std::optional<unsigned> exact;
    std::optional<unsigned> any;
    while (!accept_encoding.empty()) {
        std::string_view element = next_element(accept_encoding, ',');
        std::string_view const name = next_element(element, ';');
        unsigned weight = 1000;
        while (!element.empty()) {
            std::string_view const parameter = next_element(element, ';');
            if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
                weight = parse_weight(parameter.substr(2));
            }
        }
        if (same_name(name, coding)) exact = weight;
        if (name == "*") any = weight;
    }
    if (exact) return *exact;
    if (any) return *any;
    // Not naming identity leaves it acceptable, but less liked than anything that is named.
    return coding == "identity" ? 1 : 0;
}

void vary_on(Headers& headers, std::string_view name) {
    std::string_view const present = headers.get("Vary");
    std::string_view rest = present;
    while (!rest.empty()) {
        std::string_view const part = next_element(rest, ',');
        if (part == "*" || same_name(part, name)) return;
    }
    std::string value{present};
    if (!value.empty()) value += ", ";
    value += name;
    headers.set("Vary", std::move(value));
}

struct Compressor::Deflate {
    z_stream stream{};

    Deflate() {
        constexpr int level = 5;
        constexpr int window_bits_gzip = 15 + 16;
        constexpr int memory_level = 8;
        int const made = deflateInit2(
            &stream, level, Z_DEFLATED, window_bits_gzip, memory_level, Z_DEFAULT_STRATEGY
        );
        if (made != Z_OK) throw std::runtime_error{"zlib could not be initialised"};
    }

    ~Deflate() { deflateEnd(&stream); }

    Deflate(Deflate const&) = delete;
    Deflate& operator=(Deflate const&) = delete;
};

Compressor::Compressor() : deflate_{std::make_unique<Deflate>()} {}

Compressor::~Compressor() = default;

std::string Compressor::gzip(std::string_view bytes) {
    z_stream& stream = deflate_->stream;
    deflateReset(&stream);
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    // zlib's interface is not const-correct; it does not write to the input.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error{"deflate failed"};
    out.resize(out.size() - stream.avail_out);
    return out;
}

void Compressor::apply(
    Response& response, std::string_view accept_encoding, std::uint64_t from_bytes
) {
    std::size_t const size = response.body.size();
    if (!response.compressible || size < from_bytes || size > bytes_max) return;
    Headers& headers = response.headers;
    if (headers.has("Content-Encoding") || headers.has("Content-Range")) return;
    if (!is_compressible(headers.get("Content-Type"))) return;
    if (headers.get("Cache-Control").find("no-transform") != std::string_view::npos) return;
    vary_on(headers, "Accept-Encoding");
    unsigned const quality = quality_of(accept_encoding, "gzip");
    if (quality == 0 || quality < quality_of(accept_encoding, "identity")) return;
    response.body = gzip(response.body);
    headers.set("Content-Encoding", "gzip");
}

}  // namespace showrunner::http
