#include "files/multipart.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "http/grammar.hpp"

namespace showrunner::files {

namespace {

Error malformed(std::string const& why) {
    return Error{Code::malformed, "MULTIPART", why};
}

constexpr std::size_t boundary_max = 70;

/// One name and its value, quoted or not, cut off the front of `rest`, which begins with the name.
std::pair<std::string, std::string> next_parameter(std::string_view& rest) {
    auto const equals = rest.find('=');
    auto const semicolon = rest.find(';');
    if (equals == std::string_view::npos || semicolon < equals) {
        std::string name{http::next_element(rest, ';')};
        return {std::move(name), ""};
    }
    std::string name{http::trim(rest.substr(0, equals))};
    rest.remove_prefix(equals + 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    std::string value;
    if (!rest.starts_with('"')) {
        value = http::next_element(rest, ';');
        return {std::move(name), std::move(value)};
    }
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != '"'; ++at) {
        // Browsers write %22 for a quote and leave backslashes as they are.
        if (rest[at] == '\\' && at + 1 < rest.size() &&
            (rest[at + 1] == '"' || rest[at + 1] == '\\')) {
            ++at;
        }
        value += rest[at];
    }
    rest.remove_prefix(std::min(rest.size(), at + 1));
    http::next_element(rest, ';');
    return {std::move(name), std::move(value)};
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

Part parse_head(std::string_view head) {
    Part part;
    bool disposition = false;
    while (!head.empty()) {
        auto const end = head.find("\r\n");
        std::string_view const line = head.substr(0, end);
        head = end == std::string_view::npos ? std::string_view{} : head.substr(end + 2);
        auto const colon = line.find(':');
        if (colon == std::string_view::npos) throw malformed("A part has a line that is no field.");
        std::string_view const name = line.substr(0, colon);
        std::string_view const value = http::trim(line.substr(colon + 1));
        if (same_without_case(name, "Content-Type")) part.media_type = value;
        if (!same_without_case(name, "Content-Disposition")) continue;
        disposition = value.starts_with("form-data");
        if (auto field = parameter_of(value, "name")) part.name = std::move(*field);
        part.file_name = parameter_of(value, "filename");
        if (part.file_name) replace_all(*part.file_name, "%22", "\"");
    }
    if (!disposition) throw malformed("A part is no form-data.");
    return part;
}

}  // namespace

std::optional<std::string> parameter_of(std::string_view value, std::string_view name) {
    http::next_element(value, ';');
    while (!value.empty()) {
        auto [found, text] = next_parameter(value);
        if (same_without_case(found, name)) return std::move(text);
    }
    return std::nullopt;
}

Multipart::Multipart(http::BodyReader& source, std::string_view content_type) : source_{source} {
    auto const boundary = parameter_of(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > boundary_max) {
        throw malformed("Content-Type names no boundary.");
    }
    delimiter_ = "\r\n--" + *boundary;
    buffer_ = "\r\n";  // The first delimiter may stand at the very beginning.
}

Task<> Multipart::fill() {
    bool const more = co_await source_.read(chunk_);
    if (!more) throw malformed("The body ends before its last boundary.");
    buffer_ += chunk_;
}

Task<std::optional<Part>> Multipart::next() {
    std::string rest;
    if (!begun_) in_part_ = begun_ = true;  // The preamble, if any.
    for (bool more = in_part_; more;) more = co_await read(rest);
    if (over_) co_return std::nullopt;
    while (buffer_.size() < 2) co_await fill();
    if (buffer_.starts_with("--")) {
        over_ = true;
        for (bool more = true; more;) more = co_await source_.read(chunk_);
        co_return std::nullopt;
    }
    for (;;) {
        auto const end = buffer_.find("\r\n\r\n");
        if (end != std::string::npos) {
            if (!buffer_.starts_with("\r\n")) throw malformed("A boundary ends in no line break.");
            std::string const head = end < 2 ? "" : buffer_.substr(2, end - 2);
            Part part = parse_head(head);
            buffer_.erase(0, end + 4);
            in_part_ = true;
            co_return part;
        }
        if (buffer_.size() > head_bytes_max) throw malformed("The fields of a part are too long.");
        co_await fill();
    }
}

Task<bool> Multipart::read(std::string& chunk) {
    chunk.clear();
    if (!in_part_) co_return false;
    for (;;) {
        auto const end = buffer_.find(delimiter_);
        if (end != std::string::npos) {
            chunk = buffer_.substr(0, end);
            buffer_.erase(0, end + delimiter_.size());
            in_part_ = false;
            co_return !chunk.empty();
        }
        // The delimiter may have begun in the last bytes.
        std::size_t const safe =
            buffer_.size() < delimiter_.size() ? 0 : buffer_.size() - delimiter_.size() + 1;
        if (safe > 0) {
            chunk = buffer_.substr(0, safe);
            buffer_.erase(0, safe);
            co_return true;
        }
        co_await fill();
    }
}

Task<std::string> Multipart::read_field(std::size_t bytes_max) {
    std::string value;
    std::string chunk;
    for (;;) {
        bool const more = co_await read(chunk);
        if (!more) break;
        value += chunk;
        if (value.size() > bytes_max) throw malformed("A field is too long.");
    }
    co_return value;
}

}  // namespace showrunner::files
