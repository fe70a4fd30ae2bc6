// Requests and responses as plain structs: handlers see these and never Beast.
#pragma once

#include "base/task.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::http {

enum class Verb : std::uint8_t { get, head, post, put, patch, del, options, other };

[[nodiscard]] std::string_view name_of(Verb verb);  ///< "GET"

/// Header names compare without case; repeated headers are kept in order.
class Headers {
public:
    void set(std::string_view name, std::string value);  ///< replaces
    void add(std::string_view name, std::string value);
    [[nodiscard]] std::string_view get(std::string_view name) const;  ///< first value, or empty
    [[nodiscard]] bool has(std::string_view name) const;

    [[nodiscard]] auto begin() const { return fields_.begin(); }

    [[nodiscard]] auto end() const { return fields_.end(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// The body of a request as it arrives.
class BodyReader {
public:
    BodyReader() = default;
    BodyReader(BodyReader const&) = delete;
    BodyReader& operator=(BodyReader const&) = delete;
    virtual ~BodyReader() = default;

    /// Replaces `chunk` with the next bytes (≤ 64 KiB); false at the end. Throws Error when the
    /// client is too slow, sends too much, or goes away.
    virtual Task<bool> read(std::string& chunk) = 0;
};

struct Request {
    Verb method = Verb::get;
    std::string target;                                      ///< as sent, path and query
    std::string path;                                        ///< percent-decoded
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
    Headers headers;
    std::string body;              ///< whole body, unless the plan says stream
    BodyReader* stream = nullptr;  ///< set when the plan says stream
    std::string request_id;        ///< the client's X-Request-Id when sane, else ours
    std::string remote_address;    ///< textual IP (behind a trusted proxy: X-Forwarded-For)
    bool secure = false;           ///< came by https (trusted proxy: X-Forwarded-Proto)

    [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
    [[nodiscard]] std::string_view cookie(std::string_view name) const;
};

/// Where the bytes of a body are in an open file.
struct FileSpan {
    int fd = -1;
    std::uint64_t offset = 0;
};

/// A body that is made while it is sent, for what is too large to be held.
class BodySource {
public:
    BodySource() = default;
    BodySource(BodySource const&) = delete;
    BodySource& operator=(BodySource const&) = delete;
    virtual ~BodySource() = default;

    /// Replaces `chunk` with the next bytes; false at the end. After an exception, or another
    /// number of bytes than was announced, the connection is closed: the client sees that it is cut
    /// off.
    virtual Task<bool> read(std::string& chunk) = 0;

    /// When there is one, the kernel sends from it (sendfile) and read() is not called.
    [[nodiscard]] virtual std::optional<FileSpan> file() const { return std::nullopt; }

    /// Before `bytes` at `offset` of the file are sent: so that sending them does not wait for the
    /// disk, and the event loop with it.
    virtual Task<> warm(std::uint64_t offset, std::uint64_t bytes);
};

struct Response {
    unsigned status = 200;
    Headers headers;
    std::string body;
    std::shared_ptr<BodySource> source = {};  ///< instead of `body`
    std::uint64_t source_bytes = 0;           ///< what it will give
    /// Content-Encoding may be applied by the connection (body is text and large enough).
    bool compressible = true;

    static Response json(unsigned status, std::string body);
    static Response text(
        unsigned status, std::string body, std::string_view type = "text/plain; charset=utf-8"
    );
    static Response empty(unsigned status);
};

/// Percent-decodes; nothing for a bad escape or an embedded zero.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace showrunner::http
