#include "files/tus.hpp"

#include "api/problem.hpp"
#include "base/text.hpp"
#include "files/depot.hpp"
#include "files/intake.hpp"
#include "files/records.hpp"
#include "files/types.hpp"
#include "http/encode.hpp"
#include "http/grammar.hpp"

#include <sodium.h>

#include <charconv>

namespace showrunner::files {

namespace {

constexpr std::string_view version = "1.0.0";
constexpr std::string_view chunk_type = "application/offset+octet-stream";
constexpr std::size_t metadata_bytes_max = 4096;

/// tus's own status for a part whose checksum is another's.
constexpr unsigned checksum_mismatch = 460;

Error malformed(std::string_view token, std::string const& detail) {
    return Error{Code::malformed, token, detail};
}

std::optional<std::int64_t> length_in(http::Request const& request, std::string_view header) {
    std::string_view const text = request.headers.get(header);
    if (text.empty()) return std::nullopt;
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) {
        throw malformed("HEADER", fmt::format("{} must be a whole number.", header));
    }
    return value;
}

void require_version(http::Request const& request) {
    if (request.headers.get("Tus-Resumable") == version) return;
    throw Error{
        Code::version_mismatch, "TUS_VERSION", "Tus-Resumable must be 1.0.0, and nothing else."
    };
}

bool is_chunk(http::Request const& request) {
    return same_without_case(request.headers.get("Content-Type"), chunk_type);
}

std::optional<PartChecksum> checksum_in(http::Request const& request) {
    std::string_view header = request.headers.get("Upload-Checksum");
    if (header.empty()) return std::nullopt;
    PartChecksum checksum;
    checksum.algorithm = http::next_element(header, ' ');
    bool const known = checksum.algorithm == "sha1" || checksum.algorithm == "sha256";
    auto digest = from_base64(http::trim(header));
    std::size_t const size = checksum.algorithm == "sha1" ? 20 : 32;
    if (!known || !digest || digest->size() != size) {
        throw malformed("CHECKSUM", "Upload-Checksum must be sha1 or sha256 and its base64.");
    }
    checksum.digest = std::move(*digest);
    return checksum;
}

void set_expiry(http::Response& response, Time expires_at) {
    response.headers.set("Upload-Expires", http::http_date(expires_at));
}

/// Answers of this protocol, failures too, say its version.
Task<http::Response> speak(api::Context& context, Task<http::Response> answering) {
    http::Response response;
    auto run = [](http::Response& into, Task<http::Response> task) -> Task<> {
        into = co_await std::move(task);
    };
    std::exception_ptr const failed = co_await outcome_of(run(response, std::move(answering)));
    if (failed) {
        response = api::problem(failed, context.request);
        auto const error = error_in(failed);
        if (error && error->token == "PART_CHECKSUM_MISMATCH") response.status = checksum_mismatch;
    }
    response.headers.set("Tus-Resumable", std::string{version});
    response.headers.set("Cache-Control", "no-store");
    if (response.status == 412) response.headers.set("Tus-Version", std::string{version});
    co_return response;
}

NewFile announced(http::Request const& request) {
    std::string_view const header = request.headers.get("Upload-Metadata");
    auto metadata = parse_metadata(header);
    if (!metadata || header.size() > metadata_bytes_max) {
        throw malformed("METADATA", "Upload-Metadata must be keys and base64, up to 4 KiB.");
    }
    NewFile input;
    input.method = Method::tus;
    input.metadata = header;
    for (auto& [key, value] : *metadata) {
        value = value == valid_utf8(value, metadata_bytes_max) ? value : "";
        if (key == "filename" || key == "name") input.name = value;
        if (key == "episode_id") input.episode_id = to_lower(value);
        if ((key == "filetype" || key == "type") && !value.empty()) input.media_type = value;
        if (key == "sha256") input.sha256 = value;
        if (key == "kind") {
            input.kind = json::enum_from<Kind>(value);
            if (!input.kind) throw invalid_field("kind", "ENUM", "is no kind of file");
        }
    }
    if (input.name.empty()) {
        throw invalid_field("filename", "REQUIRED", "must be in Upload-Metadata");
    }
    if (!is_id(input.episode_id)) {
        throw invalid_field("episode_id", "FORMAT", "must be in Upload-Metadata, the id of one");
    }
    if (input.sha256 && input.sha256->size() != 64) {
        throw invalid_field("sha256", "FORMAT", "must be 64 hex digits");
    }
    return input;
}

/// Reads the request's body into the upload, from where it is to where the body ends.
Task<std::uint64_t> receive(api::Context& context, Claim claim) {
    IntakeOptions options;
    options.resumable = true;
    options.checksum = checksum_in(context.request);
    auto const intake =
        Intake::start(context.services, context.actor, std::move(claim), std::move(options));
    co_await take_all(intake, *context.request.stream, Intake::End::part);
    co_return intake->position();
}

/// The upload's file, for who may write it.
Task<File> writable(api::Context& context, std::string id) {
    auto const stored = co_await find(context, std::move(id));
    if (!stored || stored->file.deleted_at) {
        throw Error{Code::not_found, "There is no such upload."};
    }
    context.require(auth::Action::write, stored->file.show_id);
    co_return stored->file;
}

Task<http::Response> create(api::Context& context) {
    require_version(context.request);
    if (context.request.headers.has("Upload-Defer-Length")) {
        throw malformed("DEFER_LENGTH", "The length must be known: send Upload-Length.");
    }
    auto const length = length_in(context.request, "Upload-Length");
    if (!length) throw malformed("LENGTH", "Upload-Length is missing.");
    NewFile input = announced(context.request);
    input.bytes = *length;
    if (is_chunk(context.request)) static_cast<void>(checksum_in(context.request));
    File const file = co_await announce(context, std::move(input));
    http::Response response = http::Response::empty(201);
    response.headers.set("Location", "/api/v1/uploads/" + file.id);
    set_expiry(response, file.created_at + context.services.files.settings.upload_lifetime);
    std::uint64_t offset = 0;
    if (is_chunk(context.request)) {
        Claim claimed = co_await claim(context.services, file.id);
        offset = co_await receive(context, std::move(claimed));
    }
    response.headers.set("Upload-Offset", std::to_string(offset));
    co_return response;
}

Task<http::Response> head(api::Context& context) {
    File const file = co_await writable(context, context.id());
    require_version(context.request);
    auto const upload = co_await find_upload(context.services, file.id);
    bool const over = file.state == State::ready;
    bool const lost = !over && (!upload || upload->expires_at <= context.services.clock.now());
    if (lost) throw Error{Code::gone, "UPLOAD_GONE", "The upload has failed or expired."};
    if (!over && upload->position == upload->bytes) {
        co_await complete_whole(context.services, context.actor, file.id);
    }
    http::Response response = http::Response::empty(200);
    std::int64_t const offset = over ? file.bytes.value_or(0) : upload->position;
    response.headers.set("Upload-Offset", std::to_string(offset));
    std::int64_t const length = over ? offset : upload->bytes.value_or(0);
    response.headers.set("Upload-Length", std::to_string(length));
    if (upload) set_expiry(response, upload->expires_at);
    if (upload && !upload->metadata.empty()) {
        response.headers.set("Upload-Metadata", upload->metadata);
    }
    co_return response;
}

Task<http::Response> patch(api::Context& context) {
    std::string const id = context.id();
    File const file = co_await writable(context, id);
    require_version(context.request);
    if (!is_chunk(context.request)) {
        throw Error{Code::unsupported_media, fmt::format("Content-Type must be {}.", chunk_type)};
    }
    auto const offset = length_in(context.request, "Upload-Offset");
    if (!offset) throw malformed("OFFSET", "Upload-Offset is missing.");
    auto const coming = length_in(context.request, "Content-Length");
    static_cast<void>(checksum_in(context.request));
    // The last answer was lost, and the client asks again.
    if (file.state == State::ready && *offset == file.bytes) {
        http::Response response = http::Response::empty(204);
        response.headers.set("Upload-Offset", std::to_string(*offset));
        co_return response;
    }
    auto const known = co_await find_upload(context.services, id);
    if (known && *offset + coming.value_or(0) > known->bytes.value_or(0)) {
        throw Error{Code::too_large, "SIZE_MISMATCH", "That is more than Upload-Length."};
    }
    Claim claimed = co_await claim(context.services, id);
    if (claimed.upload.position != *offset) {
        co_await release(context.services, claimed.upload);
        throw Error{
            Code::conflict,
            "OFFSET_MISMATCH",
            fmt::format("The upload is at {}.", claimed.upload.position)
        };
    }
    std::uint64_t const now_at = co_await receive(context, std::move(claimed));
    http::Response response = http::Response::empty(204);
    response.headers.set("Upload-Offset", std::to_string(now_at));
    auto const& settings = context.services.files.settings;
    set_expiry(response, context.services.clock.now() + settings.upload_lifetime);
    co_return response;
}

Task<http::Response> terminate(api::Context& context) {
    File const file = co_await writable(context, context.id());
    require_version(context.request);
    if (file.state == State::ready) {
        throw Error{Code::gone, "UPLOAD_GONE", "The upload is over: delete the file."};
    }
    co_await remove(context, file.id, std::nullopt);
    co_return http::Response::empty(204);
}

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
    std::string bytes(text.size(), '\0');
    std::size_t size = 0;
    int const failed = sodium_base642bin(
        reinterpret_cast<unsigned char*>(bytes.data()),
        bytes.size(),
        text.data(),
        text.size(),
        nullptr,
        &size,
        nullptr,
        sodium_base64_VARIANT_ORIGINAL
    );
    if (failed != 0) return std::nullopt;
    bytes.resize(size);
    return bytes;
}

std::optional<UploadMetadata> parse_metadata(std::string_view header) {
    UploadMetadata metadata;
    while (!header.empty()) {
        std::string_view pair = http::next_element(header, ',');
        std::string key{http::next_element(pair, ' ')};
        auto value = from_base64(http::trim(pair));
        if (key.empty() || !value) return std::nullopt;
        bool const fresh = metadata.emplace(std::move(key), std::move(*value)).second;
        if (!fresh) return std::nullopt;
    }
    return metadata;
}

Task<http::Response> describe_tus(api::Context& context) {
    http::Response response = http::Response::empty(204);
    response.headers.set("Tus-Resumable", std::string{version});
    response.headers.set("Tus-Version", std::string{version});
    response.headers.set(
        "Tus-Extension", "creation,creation-with-upload,termination,expiration,checksum"
    );
    response.headers.set("Tus-Checksum-Algorithm", "sha1,sha256");
    auto const& most = context.services.files.settings.bytes_max;
    response.headers.set("Tus-Max-Size", std::to_string(*std::ranges::max_element(most)));
    response.headers.set("Allow", "POST, HEAD, PATCH, DELETE, OPTIONS");
    co_return response;
}

Task<http::Response> create_upload(api::Context& context) {
    return speak(context, create(context));
}

Task<http::Response> head_upload(api::Context& context) {
    return speak(context, head(context));
}

Task<http::Response> patch_upload(api::Context& context) {
    return speak(context, patch(context));
}

Task<http::Response> delete_upload(api::Context& context) {
    return speak(context, terminate(context));
}

}  // namespace showrunner::files
