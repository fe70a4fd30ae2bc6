#include "derivatives/feature.hpp"
#include "derivatives/make.hpp"
#include "derivatives/store.hpp"
#include "files/files.hpp"

#include <algorithm>

namespace showrunner::derivatives {

namespace {

constexpr int usual_width = 320;

/// Why there is nothing to give: made soon, not made here, cannot be made, never made.
Error nothing_of(api::Media const& media, files::File const& file, std::vector<Kept> const& kept) {
    for (Kept const& each : kept) {
        if (!each.error) continue;
        auto const reason = json::parse<Reason>(each.error->text);
        bool const unavailable = each.state == State::unavailable;
        return Error{
            Code::not_found,
            unavailable ? "DERIVATIVE_UNAVAILABLE" : "DERIVATIVE_FAILED",
            reason.message
        };
    }
    bool const some = is_shown(file.kind, file.media_type);
    if (some && !media.wanted) {
        return Error{
            Code::not_found, "DERIVATIVE_UNAVAILABLE", "Previews are switched off on this server."
        };
    }
    bool const pending = file.state == files::State::uploading ||
                         (file.state == files::State::ready && !file.media && some);
    if (pending) {
        return Error{Code::not_found, "DERIVATIVE_PENDING", "It is being made: ask again soon."};
    }
    return Error{Code::not_found, "NO_DERIVATIVE", "There is none of such a file."};
}

Task<http::Response> answer(
    api::Context& context, Kept kept, std::string name, std::optional<std::string> version
) {
    bool const for_ever =
        version && version->size() >= version_digits && kept.sha256->starts_with(*version);
    files::Blob blob{*kept.blob_id, *kept.key, *kept.sha256, *kept.bytes};
    http::Response response = co_await files::blob_response(
        context.services,
        context.request,
        std::move(blob),
        std::move(name),
        kept.media_type,
        kept.made_at
    );
    response.headers.set(
        "Cache-Control", for_ever ? "private, max-age=31536000, immutable" : "private, no-cache"
    );
    co_return response;
}

/// The narrowest that is wide enough, else the widest.
Kept const* choose(std::vector<Kept> const& kept, int width) {
    Kept const* best = nullptr;
    for (Kept const& each : kept) {
        if (each.state != State::ready || !each.key) continue;
        best = &each;
        if (each.width >= width) break;
    }
    return best;
}

/// What it is called when somebody saves it.
std::string name_of(Kept const& kept) {
    std::string_view const extension = kept.media_type == "image/webp" ? "webp" : "json";
    return fmt::format("{}.{}", json::name_of(kept.role), extension);
}

struct Wanted {
    std::vector<Role> roles;
    int width = 0;
    std::optional<std::string> version = {};
};

Task<http::Response> give(api::Context& context, Wanted wanted) {
    files::Stored const stored = co_await files::find_live(context, context.id());
    std::vector<Kept> const kept =
        co_await find(context.services, stored.file.id, std::move(wanted.roles));
    Kept const* const chosen = choose(kept, wanted.width);
    if (chosen == nullptr) throw nothing_of(context.services.media, stored.file, kept);
    http::Response response =
        co_await answer(context, *chosen, name_of(*chosen), std::move(wanted.version));
    co_return response;
}

}  // namespace

Task<http::Response> get_thumbnail(api::Context& context) {
    auto const query = context.query<ThumbnailQuery>();
    Wanted wanted;
    wanted.roles = {Role::thumbnail};
    wanted.width = query.width.value_or(usual_width);
    wanted.version = query.v;
    http::Response response = co_await give(context, std::move(wanted));
    co_return response;
}

Task<http::Response> get_preview(api::Context& context) {
    Wanted wanted;
    wanted.roles = {Role::preview, Role::poster};
    wanted.version = context.query<VersionQuery>().v;
    http::Response response = co_await give(context, std::move(wanted));
    co_return response;
}

Task<http::Response> get_waveform(api::Context& context) {
    Wanted wanted;
    wanted.roles = {Role::waveform};
    wanted.version = context.query<VersionQuery>().v;
    http::Response response = co_await give(context, std::move(wanted));
    co_return response;
}

Task<http::Response> get_text(api::Context& context) {
    Wanted wanted;
    wanted.roles = {Role::text};
    wanted.version = context.query<VersionQuery>().v;
    http::Response response = co_await give(context, std::move(wanted));
    co_return response;
}

Task<http::Response> make_again(api::Context& context) {
    files::Stored const stored = co_await files::find_live(context, context.id());
    files::File const& file = stored.file;
    context.require(auth::Action::write, file.show_id);
    if (file.state != files::State::ready) {
        throw Error{Code::conflict, "FILE_NOT_READY", "The file is not ready."};
    }
    jobs::NewJob job = job_for(file.id, file.episode_id, file.show_id);
    jobs::Enqueued const enqueued = co_await jobs::enqueue(context, std::move(job));
    co_return api::one(enqueued.job, 202);
}

}  // namespace showrunner::derivatives
