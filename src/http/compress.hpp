// Response compression: who may get it (Accept-Encoding), what is worth it, and gzip itself.
#pragma once

#include "http/message.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace showrunner::http {

/// How much the client likes `coding`, in thousandths; 0 = not acceptable. At equal weights the
/// server may choose.
[[nodiscard]] unsigned quality_of(std::string_view accept_encoding, std::string_view coding);

/// Appends to Vary unless it is there already.
void vary_on(Headers& headers, std::string_view name);

/// One deflate state (about 256 KiB) serves every connection of the server in turn.
class Compressor {
public:
    /// Larger bodies go out as they are: 1 MiB takes about 20 ms of the event loop.
    static constexpr std::size_t bytes_max = std::size_t{1024} * 1024;

    Compressor();
    ~Compressor();
    Compressor(Compressor const&) = delete;
    Compressor& operator=(Compressor const&) = delete;

    /// Gzips the body if type, size and `accept_encoding` allow. A strong ETag stays: it names the
    /// version of a record, and If-Match must work with it.
    void apply(Response& response, std::string_view accept_encoding, std::uint64_t from_bytes);

    [[nodiscard]] std::string gzip(std::string_view bytes);

private:
    struct Deflate;
    std::unique_ptr<Deflate> deflate_;
};

}  // namespace showrunner::http
