#include "base/log.hpp"
#include "base/text.hpp"
#include "files/content.hpp"
#include "files/feature.hpp"
#include "files/intake.hpp"
#include "files/links.hpp"
#include "files/multipart.hpp"
#include "files/types.hpp"

namespace showrunner::files {

namespace {

constexpr std::size_t field_bytes_max = 1024;

http::Response created(File const& file) {
    http::Response response = api::record(file, 201);
    response.headers.set("Location", "/api/v1/files/" + file.id);
    return response;
}

Disposition wanted(std::optional<bool> download) {
    return download.value_or(false) ? Disposition::attachment : Disposition::automatic;
}

/// A plain field of the form, which comes before the file.
Task<> read_field(Multipart& form, Part part, NewFile& input) {
    std::string value = co_await form.read_field(field_bytes_max);
    if (part.name == "name") {
        input.name = std::move(value);
    } else if (part.name == "sha256") {
        if (value.size() != 64) throw invalid_field("sha256", "FORMAT", "must be 64 hex digits");
        input.sha256 = std::move(value);
    } else if (part.name == "kind") {
        input.kind = json::enum_from<Kind>(value);
        if (!input.kind) throw invalid_field("kind", "ENUM", "is no kind of file");
    } else {
        throw invalid_field(part.name, "UNKNOWN_FIELD", "is not a field of this form");
    }
}

/// Reads all of `source` into the file.
template <typename Source>
Task<File> receive(api::Context& context, std::string file_id, Source& source) {
    Claim claimed = co_await claim(context.services, std::move(file_id));
    auto intake = Intake::start(context.services, context.actor, std::move(claimed), {});
    File file = co_await take_all(std::move(intake), source, Intake::End::whole);
    co_return file;
}

UploadTicket ticket_for(api::Services& services, File const& file, CreateFile const& input) {
    UploadTicket ticket;
    ticket.expires_at = file.created_at + services.files.settings.upload_lifetime;
    if (input.method == WantedMethod::tus) {
        ticket.method = Method::tus;
        ticket.verb = "PATCH";
        ticket.url = "/api/v1/uploads/" + file.id;
        ticket.headers = {
            {"Tus-Resumable", "1.0.0"},
            {"Upload-Offset", "0"},
            {"Content-Type", "application/offset+octet-stream"}
        };
        return ticket;
    }
    ticket.method = Method::put;
    ticket.verb = "PUT";
    ticket.url = fmt::format("/api/v1/files/{}/content", file.id);
    return ticket;
}

}  // namespace

Task<http::Response> list_files(api::Context& context) {
    std::string const id = context.id();
    Page const page = co_await list(context, id, context.query<ListFiles>());
    co_return api::many(page.files, page.pagination);
}

Task<http::Response> create_file(api::Context& context) {
    auto input = context.body<CreateFile>();
    NewFile file;
    file.episode_id = to_lower(input.episode_id);
    file.name = input.name;
    file.kind = input.kind;
    file.media_type = input.media_type;
    file.bytes = input.bytes;
    file.sha256 = input.sha256;
    bool const direct = input.method == WantedMethod::direct;
    if (direct && !input.sha256) {
        throw invalid_field("sha256", "REQUIRED", "is required for the method direct");
    }
    if (input.method == WantedMethod::tus) file.method = Method::tus;
    std::optional<blobs::DirectRequest> request;
    blobs::Staged staged{new_id()};
    if (direct) {
        request = context.services.files.store->presign_put(
            staged,
            {static_cast<std::uint64_t>(input.bytes),
             input.media_type.value_or("application/octet-stream"),
             to_lower(*input.sha256)}
        );
        file.id = staged.id;
        file.staged = staged.state;
        if (request) file.method = Method::direct;
    }
    CreatedFile answer;
    answer.file = co_await announce(context, std::move(file));
    answer.upload = ticket_for(context.services, answer.file, input);
    if (request) {
        answer.upload.method = Method::direct;
        answer.upload.verb = request->method;
        answer.upload.url = request->url;
        for (auto& [name, value] : request->headers) answer.upload.headers[name] = value;
    }
    http::Response response = api::one(answer, 201);
    response.headers.set("Location", "/api/v1/files/" + answer.file.id);
    co_return response;
}

Task<http::Response> upload_form(api::Context& context) {
    NewFile input;
    input.episode_id = context.id();
    input.method = Method::multipart;
    co_await check_episode(context, input.episode_id);
    Multipart form{*context.request.stream, context.request.headers.get("Content-Type")};
    std::optional<Part> part = co_await form.next();
    while (part && !part->file_name) {
        co_await read_field(form, *part, input);
        part = co_await form.next();
    }
    if (!part) throw invalid_field("file", "REQUIRED", "must be a file");
    if (input.name.empty()) input.name = *part->file_name;
    if (!part->media_type.empty()) input.media_type = part->media_type;
    File const file = co_await announce(context, std::move(input));
    File const ready = co_await receive(context, file.id, form);
    // One file a request: what follows it is refused by not being taken.
    part = co_await form.next();
    if (part) {
        log::info("form_has_more", {{"file_id", ready.id}});
    }
    co_return created(ready);
}

Task<http::Response> put_content(api::Context& context) {
    std::string const id = context.id();
    Stored const stored = co_await find_live(context, id);
    context.require(auth::Action::write, stored.file.show_id);
    auto const upload = co_await find_upload(context.services, id);
    if (stored.file.state != State::uploading || !upload) {
        throw Error{Code::conflict, "UPLOAD_OVER", "The content of a file is sent once."};
    }
    if (upload->method != Method::put) {
        throw Error{Code::conflict, "METHOD", "The upload was announced to come another way."};
    }
    File const ready = co_await receive(context, id, *context.request.stream);
    co_return api::record(ready);
}

Task<http::Response> complete_direct(api::Context& context) {
    std::string const id = context.id();
    Stored const stored = co_await find_live(context, id);
    context.require(auth::Action::write, stored.file.show_id);
    if (stored.file.state == State::ready) co_return api::record(stored.file);
    auto const upload = co_await find_upload(context.services, id);
    if (!upload || upload->method != Method::direct) {
        throw Error{Code::conflict, "METHOD", "The upload does not go to the store itself."};
    }
    Claim claimed = co_await claim(context.services, id);
    IntakeOptions options;
    options.direct = true;
    options.resumable = true;  // A store that is away, or has nothing yet: it is asked again later.
    Feeder intake{
        Intake::start(context.services, context.actor, std::move(claimed), std::move(options))
    };
    File const ready = co_await intake->finish(Intake::End::whole);
    co_return api::record(ready);
}

Task<http::Response> get_file(api::Context& context) {
    auto const query = context.query<GetFile>();
    auto const stored = co_await find(context, context.id());
    if (!stored || (stored->file.deleted_at && !query.deleted.value_or(false))) {
        throw Error{Code::not_found, "There is no such file."};
    }
    co_return api::record(stored->file);
}

Task<http::Response> update_file(api::Context& context) {
    std::string const id = context.id();
    auto input = context.body<UpdateFile>();
    File const renamed = co_await rename(context, id, std::move(input), context.if_match());
    co_return api::record(renamed);
}

Task<http::Response> delete_file_route(api::Context& context) {
    co_await remove(context, context.id(), context.if_match());
    co_return http::Response::empty(204);
}

Task<http::Response> restore_file_route(api::Context& context) {
    File const restored = co_await restore(context, context.id());
    co_return api::record(restored);
}

Task<http::Response> get_link(api::Context& context) {
    auto const query = context.query<GetLink>();
    Stored const stored = co_await find_live(context, context.id());
    if (stored.file.state != State::ready || !stored.key) {
        throw Error{Code::conflict, "FILE_NOT_READY", "The file has no content (yet)."};
    }
    std::chrono::seconds const ttl = query.ttl_s ? std::chrono::seconds{*query.ttl_s}
                                                 : context.services.files.settings.link_lifetime;
    Link const link = make_link(context.services, stored, wanted(query.download), ttl);
    co_await note_download(context, std::make_shared<Stored const>(stored));
    co_return api::one(link);
}

Task<http::Response> get_content(api::Context& context) {
    auto const query = context.query<GetContent>();
    auto const stored = co_await find_recent(context.services, context.id());
    bool const visible = stored && !stored->file.deleted_at &&
                         auth::allows(context.principal, auth::Action::read, stored->file.show_id);
    if (!visible) throw Error{Code::not_found, "There is no such file."};
    http::Response response = co_await content_response(
        context.services, context.request, stored, wanted(query.download)
    );
    if (is_download(context.request, response)) {
        context.services.files.meters.downloads.add();
        co_await note_download(context, stored);
    }
    co_return response;
}

Task<http::Response> follow_link(api::Context& context) {
    std::string const id = context.id();
    auto const query = context.query<SignedLink>();
    auto const stored = co_await find_recent(context.services, id);
    // Said of what is not there, too: a guess at an id learns nothing.
    Disposition const disposition = check_link(context.services, id, query);
    if (!stored || stored->file.deleted_at) {
        throw Error{Code::not_found, "There is no such file."};
    }
    http::Response response =
        co_await content_response(context.services, context.request, stored, disposition);
    // The download is on record since the link was asked for.
    if (is_download(context.request, response)) context.services.files.meters.downloads.add();
    co_return response;
}

Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id) {
    auto const stored = co_await find(context, std::move(id));
    if (!stored) co_return std::nullopt;
    co_return json::to_text(stored->file);
}

}  // namespace showrunner::files
