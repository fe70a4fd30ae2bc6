#include "base/zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

namespace showrunner {

namespace {

// PKWARE's APPNOTE.TXT 6.3.10 names them.
constexpr std::uint32_t local_header_mark = 0x0403'4b50;
constexpr std::uint32_t descriptor_mark = 0x0807'4b50;
constexpr std::uint32_t directory_mark = 0x0201'4b50;
constexpr std::uint32_t end_mark = 0x0605'4b50;
constexpr std::uint32_t end64_mark = 0x0606'4b50;
constexpr std::uint32_t locator64_mark = 0x0706'4b50;
constexpr std::uint16_t extra64_mark = 1;
constexpr std::uint16_t flags = 1U << 3U | 1U << 11U;  // sizes follow the content; UTF-8 names
constexpr std::uint16_t plain_version = 20;
constexpr std::uint16_t version64 = 45;
constexpr std::uint16_t made_by_unix = 3U << 8U | version64;
constexpr std::uint32_t mode = 0100644U << 16U;  // a file that its owner may change
constexpr std::uint32_t beyond32 = 0xffff'ffff;
constexpr std::uint16_t beyond16 = 0xffff;

void put(std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> (8U * static_cast<unsigned>(i)));
}

void put16(std::string& out, std::uint64_t value) {
    put(out, value, 2);
}

void put32(std::string& out, std::uint64_t value) {
    put(out, value, 4);
}

void put64(std::string& out, std::uint64_t value) {
    put(out, value, 8);
}

/// As much of a number as its 32 bits hold; a reader then looks into the 64-bit part.
std::uint64_t low32(std::uint64_t value) {
    return std::min<std::uint64_t>(value, beyond32);
}

std::uint64_t low16(std::uint64_t value) {
    return std::min<std::uint64_t>(value, beyond16);
}

/// Date and time of MS-DOS, from 1980 to 2107.
std::uint32_t dos_time(Time time) {
    using std::chrono::floor;
    auto const day = floor<std::chrono::days>(time);
    std::chrono::year_month_day const date{day};
    int const year = static_cast<int>(date.year());
    if (year < 1980) return 1U << 21U | 1U << 16U;
    if (year > 2107) return 0xff9f'bf7d;
    std::chrono::hh_mm_ss const clock{floor<std::chrono::seconds>(time - day)};
    return static_cast<std::uint32_t>(year - 1980) << 25U |
           static_cast<unsigned>(date.month()) << 21U | static_cast<unsigned>(date.day()) << 16U |
           static_cast<std::uint32_t>(clock.hours().count()) << 11U |
           static_cast<std::uint32_t>(clock.minutes().count()) << 5U |
           static_cast<std::uint32_t>(clock.seconds().count()) / 2;
}

std::string safe_part(std::string_view part) {
    std::string out;
    out.reserve(part.size());
    for (char const c : part) {
        bool const control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        out += control || c == '\\' || c == ':' ? '_' : c;
    }
    return out == "." || out == ".." ? std::string{} : out;
}

}  // namespace

struct ZipWriter::Deflater {
    Deflater() {
        // Without zlib's own header: zip has its own.
        int const failed = ::deflateInit2(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY
        );
        if (failed != Z_OK) throw std::bad_alloc{};
    }

    Deflater(Deflater const&) = delete;
    Deflater& operator=(Deflater const&) = delete;

    ~Deflater() { ::deflateEnd(&stream); }

    z_stream stream{};
    std::array<char, piece_bytes_max> piece{};
};

ZipWriter::ZipWriter(Sink sink, std::uint64_t offset)
    : sink_{std::move(sink)}, position_{offset}, deflater_{std::make_unique<Deflater>()} {}

ZipWriter::~ZipWriter() = default;

std::string ZipWriter::safe_name(std::string_view text) {
    std::string name;
    while (!text.empty()) {
        auto const slash = std::min(text.find('/'), text.size());
        std::string const part = safe_part(text.substr(0, slash));
        if (!part.empty() && !name.empty()) name += '/';
        name += part;
        text.remove_prefix(std::min(slash + 1, text.size()));
    }
    if (name.size() > name_bytes_max) {
        std::size_t end = name_bytes_max;
        // Not in the middle of a character, and not behind a slash.
        while (end > 0 &&
               ((static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80U || name[end - 1] == '/')) {
            --end;
        }
        name.resize(end);
    }
    return name.empty() ? "_" : name;
}

void ZipWriter::need(State state) const {
    if (state_ != state) throw std::logic_error{"a zip archive is written in another order"};
}

void ZipWriter::emit(std::string_view bytes) {
    position_ += bytes.size();
    while (!bytes.empty()) {
        sink_(bytes.substr(0, piece_bytes_max));
        bytes.remove_prefix(std::min(bytes.size(), piece_bytes_max));
    }
}

void ZipWriter::begin(File const& file) {
    need(State::between);
    if (safe_name(file.name) != file.name) throw std::logic_error{"not a name for a zip archive"};
    state_ = State::inside;
    name_ = file.name;
    modified_ = dos_time(file.modified);
    method_ = file.method;
    bytes_max_ = file.bytes_max;
    bytes_ = 0;
    crc_ = 0;
    header_at_ = position_;
    bool const large = bytes_max_ > plain_bytes_max;
    std::string header;
    put32(header, local_header_mark);
    put16(header, large ? version64 : plain_version);
    put16(header, flags);
    put16(header, method_ == Method::deflated ? Z_DEFLATED : 0);
    put32(header, modified_);
    put32(header, 0);  // checksum and sizes: in the descriptor
    put32(header, large ? beyond32 : 0);
    put32(header, large ? beyond32 : 0);
    put16(header, name_.size());
    put16(header, large ? 20 : 0);
    header += name_;
    if (large) {
        // That it is here says that the descriptor's sizes have 64 bits.
        put16(header, extra64_mark);
        put16(header, 16);
        put64(header, 0);
        put64(header, 0);
    }
    emit(header);
    content_at_ = position_;
    if (method_ == Method::deflated) ::deflateReset(&deflater_->stream);
}

void ZipWriter::write(std::string_view bytes) {
    need(State::inside);
    if (bytes.size() > bytes_max_ - bytes_) {
        throw std::logic_error{"a file of a zip archive is larger than was said"};
    }
    bytes_ += bytes.size();
    crc_ = static_cast<std::uint32_t>(
        ::crc32_z(crc_, reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size())
    );
    if (method_ == Method::stored) return emit(bytes);
    // zlib counts what it is given with 32 bits.
    constexpr std::size_t step = 1UL << 30U;
    while (!bytes.empty()) {
        deflate(bytes.substr(0, step), Z_NO_FLUSH);
        bytes.remove_prefix(std::min(bytes.size(), step));
    }
}

void ZipWriter::deflate(std::string_view bytes, int flush) {
    z_stream& stream = deflater_->stream;
    auto& piece = deflater_->piece;
    // zlib does not write to its input; its type is older than const.
    stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<unsigned>(bytes.size());
    do {
        stream.next_out = reinterpret_cast<unsigned char*>(piece.data());
        stream.avail_out = static_cast<unsigned>(piece.size());
        ::deflate(&stream, flush);
        emit({piece.data(), piece.size() - stream.avail_out});
    } while (stream.avail_out == 0);
}

void ZipWriter::end() {
    need(State::inside);
    if (method_ == Method::deflated) deflate({}, Z_FINISH);
    state_ = State::between;
    std::uint64_t const packed = position_ - content_at_;
    bool const large = bytes_max_ > plain_bytes_max;
    int const width = large ? 8 : 4;
    std::string descriptor;
    put32(descriptor, descriptor_mark);
    put32(descriptor, crc_);
    put(descriptor, packed, width);
    put(descriptor, bytes_, width);
    emit(descriptor);
    ++files_;
    // In the 64-bit part only the numbers that need it are listed, in this order.
    std::string extra;
    for (std::uint64_t const number : {bytes_, packed, header_at_}) {
        if (number >= beyond32) put64(extra, number);
    }
    put32(directory_, directory_mark);
    put16(directory_, made_by_unix);
    put16(directory_, large || !extra.empty() ? version64 : plain_version);
    put16(directory_, flags);
    put16(directory_, method_ == Method::deflated ? Z_DEFLATED : 0);
    put32(directory_, modified_);
    put32(directory_, crc_);
    put32(directory_, low32(packed));
    put32(directory_, low32(bytes_));
    put16(directory_, name_.size());
    put16(directory_, extra.empty() ? 0 : extra.size() + 4);
    put16(directory_, 0);  // comment
    put16(directory_, 0);  // disk
    put16(directory_, 0);  // internal attributes
    put32(directory_, mode);
    put32(directory_, low32(header_at_));
    directory_ += name_;
    if (!extra.empty()) {
        put16(directory_, extra64_mark);
        put16(directory_, extra.size());
        directory_ += extra;
    }
}

void ZipWriter::finish() {
    need(State::between);
    state_ = State::finished;
    std::uint64_t const directory_at = position_;
    std::uint64_t const size = directory_.size();
    emit(directory_);
    std::string tail;
    if (files_ >= beyond16 || size >= beyond32 || directory_at >= beyond32) {
        std::uint64_t const tail_at = position_;
        put32(tail, end64_mark);
        put64(tail, 44);  // of what follows
        put16(tail, made_by_unix);
        put16(tail, version64);
        put32(tail, 0);  // this disk, and the directory's
        put32(tail, 0);
        put64(tail, files_);
        put64(tail, files_);
        put64(tail, size);
        put64(tail, directory_at);
        put32(tail, locator64_mark);
        put32(tail, 0);
        put64(tail, tail_at);
        put32(tail, 1);  // disks
    }
    put32(tail, end_mark);
    put32(tail, 0);  // this disk, and the directory's
    put16(tail, low16(files_));
    put16(tail, low16(files_));
    put32(tail, low32(size));
    put32(tail, low32(directory_at));
    put16(tail, 0);  // comment
    emit(tail);
}

}  // namespace showrunner
