// Writing zip archives as a stream: nothing is sought, and of a file's content nothing is kept.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace showrunner {

/// begin(), write() …, end() for each file, then finish(). The same calls make the same bytes. Uses
/// about 300 KiB, and 46 bytes and the name for each file. Calls in another order throw
/// std::logic_error.
class ZipWriter {
public:
    /// Gets the archive's bytes in order, in pieces of at most piece_bytes_max. A caller that sends
    /// them on asynchronously lets it append to a buffer, and empties that between two writes.
    using Sink = std::function<void(std::string_view)>;
    static constexpr std::size_t piece_bytes_max = 64UL << 10U;

    enum class Method : std::uint8_t {
        deflated,
        stored,  ///< for what is compressed already: video, pictures
    };

    struct File {
        std::string_view name;  ///< UTF-8, `folder/file.csv`; see safe_name()
        Time modified;          ///< shown as UTC, to two seconds
        Method method = Method::deflated;
        /// What the file has at most. Only one that may be larger than the default is written in
        /// the 64-bit format, which old tools don't read.
        std::uint64_t bytes_max = plain_bytes_max;
    };

    static constexpr std::uint64_t plain_bytes_max = 0xf000'0000;
    static constexpr std::size_t name_bytes_max = 1024;

    /// `offset`: of the archive's first byte, for what is written behind something else.
    explicit ZipWriter(Sink sink, std::uint64_t offset = 0);
    ~ZipWriter();
    ZipWriter(ZipWriter&&) = delete;
    ZipWriter& operator=(ZipWriter&&) = delete;

    /// Throws std::logic_error for a name that is not a safe_name().
    void begin(File const& file);
    /// Appends to the file; std::logic_error beyond its bytes_max.
    void write(std::string_view bytes);
    void end();
    /// Writes the directory. Without it there is no archive.
    void finish();

    /// Where the next byte goes; from `offset` on.
    [[nodiscard]] std::uint64_t position() const { return position_; }

    /// What `text` can be called in an archive without leaving its folder anywhere: relative, no
    /// `.` and `..`, no backslash, colon or control character; cut to name_bytes_max.
    [[nodiscard]] static std::string safe_name(std::string_view text);

private:
    struct Deflater;

    enum class State : std::uint8_t { between, inside, finished };

    void need(State state) const;
    void emit(std::string_view bytes);
    void deflate(std::string_view bytes, int flush);

    Sink sink_;
    std::uint64_t position_;
    std::unique_ptr<Deflater> deflater_;
    State state_ = State::between;
    std::string directory_;  ///< as it will be written
    std::uint64_t files_ = 0;

    // The file that is being written.
    std::string name_;
    std::uint32_t modified_ = 0;  ///< as MS-DOS has it: date, time
    Method method_ = Method::deflated;
    std::uint64_t bytes_max_ = 0;
    std::uint64_t header_at_ = 0;
    std::uint64_t content_at_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint32_t crc_ = 0;
};

}  // namespace showrunner
