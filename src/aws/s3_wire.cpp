#include "aws/s3_wire.hpp"

#include "aws/uri.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace showrunner::aws::s3_wire {

namespace {

Error nonsense() {
    return Error{Code::unavailable, "S3_FAILED", "S3's answer makes no sense"};
}

/// The document's one element, which has this name.
pugi::xml_node root_of(pugi::xml_document& document, std::string_view xml, std::string_view name) {
    if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8)) {
        throw nonsense();
    }
    pugi::xml_node const root = document.document_element();
    if (std::string_view{root.name()} != name) throw nonsense();
    return root;
}

std::string text_of(pugi::xml_node const& node, char const* name) {
    return node.child(name).text().get();
}

/// There, and not empty.
std::string needed(pugi::xml_node const& node, char const* name) {
    std::string text = text_of(node, name);
    if (text.empty()) throw nonsense();
    return text;
}

template <typename Number>
Number number_of(std::string_view text) {
    Number number{};
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size()) throw nonsense();
    return number;
}

Time time_of(std::string_view text) {
    auto const time = parse_time(text);
    if (!time) throw nonsense();
    return *time;
}

bool is_truncated(pugi::xml_node const& root) {
    return text_of(root, "IsTruncated") == "true";
}

struct Meaning {
    std::string_view code;  ///< S3's
    Code means;
    std::string_view token;
    std::string_view text;
    bool again = false;
};

constexpr std::array meanings{
    Meaning{"NoSuchKey", Code::not_found, "S3_NO_OBJECT", "S3 has no such object"},
    Meaning{"NoSuchUpload", Code::not_found, "S3_NO_UPLOAD", "S3 has no such upload"},
    Meaning{"NoSuchBucket", Code::internal, "S3_NO_BUCKET", "the bucket does not exist"},
    Meaning{"PreconditionFailed", Code::conflict, "S3_CHANGED", "the object has changed"},
    Meaning{"InvalidRange", Code::not_found, "S3_NO_OBJECT", "the object is shorter"},
    Meaning{"EntityTooLarge", Code::too_large, "S3_TOO_LARGE", "too large for S3"},
    Meaning{"XMinioStorageFull", Code::no_space, "S3_FULL", "S3 has no room"},
    Meaning{"QuotaExceeded", Code::no_space, "S3_FULL", "the bucket's quota is used up"},
    Meaning{"SlowDown", Code::unavailable, "S3_THROTTLED", "S3 takes fewer calls", true},
    Meaning{"ServiceUnavailable", Code::unavailable, "S3_THROTTLED", "S3 takes fewer calls", true},
    Meaning{"RequestTimeout", Code::unavailable, "S3_FAILED", "S3 did not get the content", true},
    Meaning{"IncompleteBody", Code::unavailable, "S3_FAILED", "S3 did not get the content", true},
    Meaning{
        "BadDigest", Code::unavailable, "S3_FAILED", "the content did not arrive as it was", true
    },
    Meaning{
        "XAmzContentSHA256Mismatch",
        Code::unavailable,
        "S3_FAILED",
        "the content did not arrive as it was",
        true
    },
    Meaning{"OperationAborted", Code::unavailable, "S3_FAILED", "S3 is busy with the object", true},
    Meaning{"InternalError", Code::unavailable, "S3_FAILED", "S3 has failed", true},
    Meaning{
        "RequestTimeTooSkewed", Code::internal, "S3_DENIED", "this machine's clock is not S3's"
    },
};

constexpr std::array<std::string_view, 5> transient_tokens{
    "TIMEOUT", "CONNECT_FAILED", "NAME_UNRESOLVED", "CONNECTION_LOST", "CLIENT_BUSY"
};

/// S3's name for what went wrong; empty when the answer doesn't say.
std::string code_of(std::string_view body) {
    pugi::xml_document document;
    if (!document.load_buffer(body.data(), body.size())) return {};
    pugi::xml_node const root = document.document_element();
    if (std::string_view{root.name()} != "Error") return {};
    std::string code = text_of(root, "Code");
    bool const plain = code.size() <= 60 && std::ranges::all_of(code, [](char c) {
                           char const lower = to_lower(c);
                           return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
                       });
    return plain ? code : std::string{};
}

/// Where the answer has no body, or none of S3's.
std::string_view code_of(unsigned status) {
    switch (status) {
        case 404:
            return "NoSuchKey";
        case 412:
            return "PreconditionFailed";
        case 413:
            return "EntityTooLarge";
        case 416:
            return "InvalidRange";
        case 429:
        case 503:
            return "SlowDown";
        case 507:
            return "QuotaExceeded";
        default:
            return status >= 500 ? "InternalError" : "";
    }
}

/// Its two halves: `http://` and what follows.
std::pair<std::string_view, std::string_view> split_scheme(std::string_view endpoint) {
    std::size_t const at = endpoint.find("://") + 3;
    return {endpoint.substr(0, at), endpoint.substr(at)};
}

}  // namespace

std::string url_of(S3Options const& options, std::string_view key) {
    std::string const path = percent_encode(key, Slash::keep);
    if (options.style == BucketStyle::path) {
        std::string url = fmt::format("{}/{}", options.endpoint, options.bucket);
        if (!path.empty()) url.append("/").append(path);
        return url;
    }
    auto const [scheme, host] = split_scheme(options.endpoint);
    return fmt::format("{}{}.{}/{}", scheme, options.bucket, host, path);
}

std::string copy_source(S3Options const& options, std::string_view key) {
    return fmt::format("/{}/{}", options.bucket, percent_encode(key, Slash::keep));
}

std::string base64_of_hex(std::string_view hex) {
    std::array<unsigned char, 32> bytes{};
    std::size_t size = 0;
    int const failed =
        sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &size, nullptr);
    if (failed != 0 || size != bytes.size()) return {};
    std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)> text{};
    sodium_bin2base64(
        text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL
    );
    return text.data();
}

std::string hex_of_base64(std::string_view base64) {
    std::array<unsigned char, 32> bytes{};
    std::size_t size = 0;
    int const failed = sodium_base642bin(
        bytes.data(),
        bytes.size(),
        base64.data(),
        base64.size(),
        nullptr,
        &size,
        nullptr,
        sodium_base64_VARIANT_ORIGINAL
    );
    if (failed != 0 || size != bytes.size()) return {};
    std::array<char, 65> text{};
    return sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
}

Refusal refusal_of(unsigned status, std::string_view body) {
    std::string code = code_of(body);
    auto const meaning_of = [](std::string_view name) {
        return std::ranges::find(meanings, name, &Meaning::code);
    };
    auto found = meaning_of(code);
    if (found == meanings.end()) found = meaning_of(code_of(status));
    if (found != meanings.end()) {
        return {Error{found->means, found->token, std::string{found->text}}, found->again};
    }
    if (status == 401 || status == 403) {
        return {Error{Code::internal, "S3_DENIED", "S3 does not accept our credentials"}};
    }
    if (code.empty()) code = std::to_string(status);
    return {Error{Code::internal, "S3_REFUSED", "S3 refused the call: " + code}};
}

std::optional<Refusal> refusal_of(client::Response const& response) {
    if (response.status >= 300) return refusal_of(response.status, response.body);
    // What takes long is answered with 200 before it is done.
    if (response.body.find("<Error>") == std::string::npos) return std::nullopt;
    if (code_of(response.body).empty()) return std::nullopt;
    return refusal_of(500, response.body);
}

Refusal refusal_of(Error const& failure) {
    bool const again = std::ranges::find(transient_tokens, failure.token) != transient_tokens.end();
    return {failure, again};
}

std::string complete_upload(std::span<S3Part const> parts) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("CompleteMultipartUpload");
    root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
    for (S3Part const& part : parts) {
        pugi::xml_node each = root.append_child("Part");
        each.append_child("PartNumber").text() = part.number;
        each.append_child("ETag").text() = part.etag.c_str();
    }

    struct Writer final : pugi::xml_writer {
        void write(void const* data, std::size_t size) override {
            text.append(static_cast<char const*>(data), size);
        }

        std::string text;
    } writer;

    document.save(writer, "", pugi::format_raw);
    return std::move(writer.text);
}

S3Object object_of(client::Response const& response, std::string key) {
    S3Object object;
    object.key = std::move(key);
    object.bytes = number_of<std::uint64_t>(response.header("content-length"));
    object.etag = response.header("etag");
    object.sha256 = hex_of_base64(response.header("x-amz-checksum-sha256"));
    return object;
}

S3Listing listing_of(std::string_view xml) {
    pugi::xml_document document;
    pugi::xml_node const root = root_of(document, xml, "ListBucketResult");
    S3Listing listing;
    for (pugi::xml_node const& each : root.children("Contents")) {
        S3Object& object = listing.objects.emplace_back();
        object.key = needed(each, "Key");
        object.bytes = number_of<std::uint64_t>(text_of(each, "Size"));
        object.etag = text_of(each, "ETag");
        object.modified = time_of(text_of(each, "LastModified"));
    }
    listing.more = is_truncated(root);
    return listing;
}

std::string upload_id_of(std::string_view xml) {
    pugi::xml_document document;
    return needed(root_of(document, xml, "InitiateMultipartUploadResult"), "UploadId");
}

std::string copied_etag_of(std::string_view xml) {
    pugi::xml_document document;
    return needed(root_of(document, xml, "CopyPartResult"), "ETag");
}

S3Uploads uploads_of(std::string_view xml) {
    pugi::xml_document document;
    pugi::xml_node const root = root_of(document, xml, "ListMultipartUploadsResult");
    S3Uploads uploads;
    for (pugi::xml_node const& each : root.children("Upload")) {
        S3Upload& upload = uploads.uploads.emplace_back();
        upload.key = needed(each, "Key");
        upload.id = needed(each, "UploadId");
        upload.initiated = time_of(text_of(each, "Initiated"));
    }
    uploads.more = is_truncated(root);
    return uploads;
}

PartsPage parts_of(std::string_view xml) {
    pugi::xml_document document;
    pugi::xml_node const root = root_of(document, xml, "ListPartsResult");
    PartsPage page;
    for (pugi::xml_node const& each : root.children("Part")) {
        S3Part& part = page.parts.emplace_back();
        part.number = number_of<unsigned>(text_of(each, "PartNumber"));
        part.bytes = number_of<std::uint64_t>(text_of(each, "Size"));
        part.etag = needed(each, "ETag");
    }
    page.more = is_truncated(root);
    return page;
}

}  // namespace showrunner::aws::s3_wire
