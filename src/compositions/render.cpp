#include "compositions/render.hpp"

#include "blobs/sha256.hpp"
#include "compositions/renders.hpp"
#include "compositions/store.hpp"
#include "compositions/versions.hpp"
#include "files/files.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace showrunner::compositions {

namespace {

namespace fs = std::filesystem;

constexpr int preview_width_max = 640;
constexpr std::size_t preview_bytes_max = std::size_t{2} * 1024 * 1024;  // as the table says
// Well within the job's own time, so that it is the drawing that fails and not the job.
constexpr std::chrono::seconds preview_time_max{60};

std::string read_file(fs::path const& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// A block at a time: others have their turn in between.
Task<std::string> hash_of(fs::path path) {
    constexpr std::size_t block_bytes = std::size_t{256} * 1024;
    auto const executor = co_await asio::this_coro::executor;
    std::ifstream in{path, std::ios::binary};
    std::string block(block_bytes, '\0');
    blobs::Sha256 hash;
    while (in) {
        in.read(block.data(), static_cast<std::streamsize>(block.size()));
        hash.update(std::string_view{block}.substr(0, static_cast<std::size_t>(in.gcount())));
        co_await asio::post(executor, asio::use_awaitable);
    }
    co_return hash.hex();
}

Studio const& studio_of(jobs::Run const& run) {
    Studio const& studio = run.services.studio;
    // Another process may have what is missing here, but nothing says that it will be the next.
    if (auto const missing = studio.missing()) throw jobs::final_failure("UNAVAILABLE", *missing);
    return studio;
}

Task<Source> source_of(jobs::Run& run, std::string composition_id, int version) {
    auto found = co_await find_source(run.services, std::move(composition_id), version);
    if (!found)
        throw jobs::final_failure("VERSION_UNKNOWN", "The composition has no such version.");
    co_return std::move(*found);
}

/// Puts the originals of the pictures where they are drawn from. What is gone is missed later,
/// where it matters.
Task<> fetch_pictures(jobs::Run& run, Source const& source, Easel const& easel) {
    for (std::string const& id : file_ids(source.document)) {
        auto const found = co_await files::find_stored(run.services, id);
        bool const usable =
            found && !found->file.deleted_at && found->key && found->file.show_id == source.show_id;
        if (usable) co_await files::fetch_file(run.services, id, easel.original(id));
    }
}

/// An attempt that has failed, or all of them.
jobs::Failed drawing_failed(Flaw const& flaw) {
    jobs::Failed failed = jobs::final_failure("DRAWING_FAILED", flaw.message);
    failed.failure.retry = !flaw.for_good;
    return failed;
}

events::Actor actor_of(jobs::Run const& run) {
    events::Actor actor;
    actor.user_id = run.job.created_by;
    actor.name = run.job.created_by_name;
    return actor;
}

/// One render job: format by format.
class Rendering {
public:
    Rendering(jobs::Run& run, RenderArgs args, Source source)
        : run_{run}, args_{std::move(args)}, source_{std::move(source)}, easel_{studio_of(run)} {
        for (Format const& format : source_.document.formats) {
            bool const wanted =
                args_.formats.empty() || std::ranges::count(args_.formats, format.name) > 0;
            if (wanted) formats_.push_back(format);
        }
    }

    Task<> make() {
        if (formats_.empty()) {
            throw jobs::final_failure("FORMAT_UNKNOWN", "The version has no such formats.");
        }
        run_.progress(0, "Pictures");
        co_await fetch_pictures(run_, source_, easel_);
        std::string made;
        for (std::size_t i = 0; i < formats_.size(); ++i) {
            run_.progress(static_cast<int>(100 * i / formats_.size()), formats_[i].name);
            Render const render = co_await make_one(formats_[i]);
            made += (made.empty() ? "" : ",") + json::to_text(render);
        }
        run_.result = fmt::format(
            R"({{"composition_id":"{}","version":{},"files":[{}]}})",
            args_.composition_id,
            args_.version,
            made
        );
    }

private:
    Task<Render> make_one(Format format) {
        auto const unusable = co_await easel_.prepare(source_.document, format);
        if (!unusable.empty()) {
            throw jobs::final_failure(
                "PICTURE_UNUSABLE", fmt::format("{}", fmt::join(unusable, " "))
            );
        }
        Drawing const drawn = co_await easel_.draw(
            source_.document,
            format,
            Easel::Options{.image_format = args_.image_format, .quality = args_.quality}
        );
        if (!drawn) throw drawing_failed(drawn.error());
        std::string sha256 = co_await hash_of(*drawn);
        Render render{
            source_.document_version,
            format.name,
            args_.image_format,
            args_.quality,
            {},
            std::move(sha256),
            run_.services.clock.now()
        };
        // The same picture again is the same file, for as long as that is there.
        auto const former = co_await find_render(run_.services, args_.composition_id, render);
        if (former && former->sha256 == render.sha256) {
            run_.log(jobs::LogLevel::info, fmt::format("{}: as it was", format.name));
            co_return *former;
        }
        render.file_id = co_await keep(format, *drawn);
        co_await keep_render(run_.services, args_.composition_id, render);
        run_.log(jobs::LogLevel::info, fmt::format("{}: {}", format.name, render.sha256));
        co_return render;
    }

    Task<std::string> keep(Format format, fs::path drawn) {
        std::string source = R"({"job_id":)";
        json::write(source, run_.job.id);
        source += R"(,"composition_id":)";
        json::write(source, args_.composition_id);
        source += R"(,"version":)";
        json::write(source, args_.version);
        source += R"(,"format":)";
        json::write(source, format.name);
        source += '}';
        files::MadeFile made;
        made.episode_id = source_.episode_id;
        made.name = file_name(source_.name, format.name, extension_of(args_.image_format));
        made.kind = files::Kind::image;
        made.source = {std::move(source)};
        files::File const file =
            co_await files::add_file(run_.services, actor_of(run_), std::move(made), drawn);
        co_return file.id;
    }

    jobs::Run& run_;
    RenderArgs args_;
    Source source_;
    Easel easel_;
    std::vector<Format> formats_;
};

}  // namespace

Task<> run_render(jobs::Run& run) {
    auto args = run.args<RenderArgs>();
    Source source = co_await source_of(run, args.composition_id, args.version);
    Rendering rendering{run, std::move(args), std::move(source)};
    co_await rendering.make();
}

Task<> run_preview(jobs::Run& run) {
    auto const args = run.args<PreviewArgs>();
    Source const source = co_await source_of(run, args.composition_id, args.version);
    Easel easel{studio_of(run)};
    co_await fetch_pictures(run, source, easel);
    Canvas const& canvas = source.document.canvas;
    // Without a name: overrides are for those who ask for a format.
    Format const format{{}, canvas.width, canvas.height};
    double const scale = std::min(1.0, double{preview_width_max} / canvas.width);
    // A picture that cannot be used is a grey box here.
    auto const unusable = co_await easel.prepare(source.document, format, scale);
    for (std::string const& each : unusable) run.log(jobs::LogLevel::warning, each);
    Easel::Options const options{
        .image_format = ImageFormat::webp,
        .quality = 80,
        .width_max = preview_width_max,
        .time_max = preview_time_max
    };
    Drawing drawn = co_await easel.draw(source.document, format, options);
    Preview preview;
    if (drawn) preview.picture = read_file(*drawn);
    if (preview.picture && preview.picture->size() > preview_bytes_max) {
        drawn = Flaw{true, "The preview is larger than 2 MiB."};
        preview.picture.reset();
    }
    bool const last = run.job.attempt >= run.job.max_attempts;
    if (!drawn && (drawn.error().for_good || last)) preview.failure = drawn.error().message;
    if (preview.picture || preview.failure) {
        co_await keep_preview(run.services, args.composition_id, source.document_version, preview);
    }
    if (!drawn) throw drawing_failed(drawn.error());
}

Task<http::Response> start_render(api::Context& context) {
    std::string const id = context.id();
    auto const input = context.body<RenderComposition>();
    Composition const composition = co_await find_live(context, id);
    context.require(auth::Action::write, composition.show_id);
    int const number = input.version.value_or(composition.version);
    auto const version = co_await find_version(context, id, number);
    if (!version) throw invalid_field("version", "UNKNOWN", "is not a version of the composition");
    Document const document = parse_document(version->document->text);
    for (std::string const& name : input.formats) {
        if (std::ranges::count(document.formats, name, &Format::name) == 0) {
            throw invalid_field("formats", "UNKNOWN", "names what is not a format of the version");
        }
    }
    // Whoever renders wants pictures: what could not be drawn is tried again.
    co_await forget_failed_preview(context, id, version->document_version);
    RenderArgs args;
    args.composition_id = id;
    args.version = number;
    args.formats = input.formats;
    args.image_format = input.image_format.value_or(ImageFormat::png);
    args.quality = input.quality.value_or(90);
    jobs::NewJob job;
    job.type = "composition_render";
    job.args = {json::to_text(args)};
    job.show_id = composition.show_id;
    job.episode_id = composition.episode_id;
    // Two that draw the same at once would keep it twice.
    job.unique_key = fmt::format("composition_render:{}:{}", id, json::name_of(args.image_format));
    jobs::Enqueued const enqueued = co_await jobs::enqueue(context, std::move(job));
    http::Response response = api::one(enqueued.job, enqueued.created ? 201 : 200);
    response.headers.set("Location", "/api/v1/jobs/" + enqueued.job.id);
    co_return response;
}

Task<http::Response> list_the_renders(api::Context& context) {
    std::string const id = context.id();
    co_await find_live(context, id);
    auto const all = co_await list_renders(context, id);
    co_return api::all(all);
}

Task<http::Response> get_preview(api::Context& context) {
    std::string const id = context.id();
    int const number = version_param(context);
    Composition const composition = co_await find_live(context, id);
    auto const document_version = co_await find_document_version(context, id, number);
    if (!document_version) throw no_such_version();
    auto preview = co_await find_preview(context, id, *document_version);
    if (preview && preview->failure) {
        throw Error{Code::not_found, "PREVIEW_FAILED", *preview->failure};
    }
    if (preview) {
        http::Response response;
        response.headers.set("Content-Type", "image/webp");
        response.headers.set("ETag", fmt::format("\"{}-{}\"", id, *document_version));
        response.headers.set("Cache-Control", "private, max-age=31536000, immutable");
        response.headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
        response.body = std::move(*preview->picture);
        co_return response;
    }
    if (auto const missing = context.services.studio.missing()) {
        throw Error{Code::unavailable, "UNAVAILABLE", *missing};
    }
    jobs::NewJob job;
    job.type = "composition_preview";
    job.args = {json::to_text(PreviewArgs{id, *document_version})};
    job.show_id = composition.show_id;
    job.episode_id = composition.episode_id;
    job.priority = 2;  // Somebody is looking at an empty card.
    job.unique_key = fmt::format("composition_preview:{}:{}", id, *document_version);
    jobs::Enqueued const enqueued = co_await jobs::enqueue(context, std::move(job));
    http::Response response = api::one(enqueued.job, 202);
    response.headers.set("Retry-After", "1");
    co_return response;
}

}  // namespace showrunner::compositions
