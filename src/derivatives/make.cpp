#include "derivatives/make.hpp"

#include "media/image.hpp"
#include "media/poster.hpp"
#include "media/text.hpp"
#include "media/waveform.hpp"

#include <algorithm>
#include <fstream>

namespace showrunner::derivatives {

namespace {

namespace fs = std::filesystem;
using media::Box;
using media::Result;

constexpr std::string_view pdf = "application/pdf";
constexpr Box sound_picture{640, 160};

/// Of thumbnails; of a smaller picture there are fewer.
constexpr std::array thumbnail_widths{160, 320, 640};
constexpr int preview_width = 1600;

/// Tall pictures are cut off nowhere, but are not endless either.
Box box_of(int width) {
    return {width, 4 * width};
}

Reason reason_of(media::Problem const& problem) {
    return {problem.kind, problem.message};
}

void describe(Facts& facts, media::Probe const& probe) {
    facts.format = probe.container;
    facts.duration_ms = probe.duration_ms;
    facts.bit_rate = probe.bit_rate;
    facts.video = probe.video;
    facts.audio = probe.audio;
    if (probe.video.empty()) return;
    facts.width = probe.video.front().width;
    facts.height = probe.video.front().height;
}

class Maker {
public:
    Maker(media::Tools const& tools, Source source, fs::path folder, Progress progress)
        : tools_{tools},
          source_{std::move(source)},
          folder_{std::move(folder)},
          progress_{std::move(progress)} {}

    Task<Output> make();

private:
    Task<> of_image();
    Task<> of_video();
    Task<> of_audio();
    Task<> of_pdf();
    void of_text();
    Task<> draw_sound(media::Waveform waveform);
    Task<> reduce(Box base, Role largest);
    Task<Box> reduce_to(int width, Role role);
    void keep_text(Role role, std::string const& text);
    void miss(Role role, media::Problem const& problem);
    [[nodiscard]] bool has(Role role, int width) const;

    media::Tools const& tools_;
    Source source_;
    fs::path folder_;
    Progress progress_;
    Output output_;
};

Task<Output> Maker::make() {
    if (source_.media_type == pdf) {
        co_await of_pdf();
    } else if (source_.kind == files::Kind::image) {
        co_await of_image();
    } else if (source_.kind == files::Kind::video) {
        co_await of_video();
    } else if (source_.kind == files::Kind::audio) {
        co_await of_audio();
    } else if (source_.kind == files::Kind::script) {
        of_text();
    }
    co_return std::move(output_);
}

Task<> Maker::of_image() {
    progress_(5, "Looking at the picture");
    Result<media::ImageInfo> const info = co_await media::image_info(tools_, source_.path);
    if (!info) {
        output_.facts.error = reason_of(info.error());
        miss(Role::thumbnail, info.error());
        miss(Role::preview, info.error());
        co_return;
    }
    output_.facts.format = info->format;
    output_.facts.width = info->width;
    output_.facts.height = info->height;
    output_.facts.pages = info->pages;
    output_.facts.transparent = info->transparent;
    // Decoded once; everything else is made of this.
    fs::path const base = folder_ / "base.png";
    progress_(20, "Making it smaller");
    Result<Box> const made =
        co_await media::resize(tools_, source_.path, base, box_of(preview_width));
    if (made) {
        co_await reduce(*made, Role::preview);
    } else {
        miss(Role::thumbnail, made.error());
        miss(Role::preview, made.error());
    }
}

Task<> Maker::of_video() {
    progress_(5, "Looking into the video");
    Result<media::Probe> const facts = co_await media::probe(tools_, source_.path);
    if (!facts) {
        output_.facts.error = reason_of(facts.error());
        miss(Role::thumbnail, facts.error());
        miss(Role::poster, facts.error());
        co_return;
    }
    describe(output_.facts, *facts);
    progress_(20, "Taking a frame");
    Result<Box> const made = co_await media::poster(
        tools_, source_.path, folder_ / "base.png", *facts, box_of(preview_width)
    );
    if (made) {
        co_await reduce(*made, Role::poster);
    } else {
        miss(Role::thumbnail, made.error());
        miss(Role::poster, made.error());
    }
}

Task<> Maker::of_audio() {
    progress_(5, "Looking into the sound");
    Result<media::Probe> const facts = co_await media::probe(tools_, source_.path);
    if (!facts) {
        output_.facts.error = reason_of(facts.error());
        miss(Role::thumbnail, facts.error());
        miss(Role::waveform, facts.error());
        co_return;
    }
    describe(output_.facts, *facts);
    auto const hear = [this](int percent) { progress_(10 + percent * 8 / 10, "Listening"); };
    Result<media::Waveform> const shape =
        co_await media::waveform(tools_, source_.path, *facts, hear);
    if (!shape) {
        miss(Role::thumbnail, shape.error());
        miss(Role::waveform, shape.error());
        co_return;
    }
    keep_text(Role::waveform, json::to_text(*shape));
    co_await draw_sound(*shape);
}

Task<> Maker::draw_sound(media::Waveform waveform) {
    std::string const svg = media::draw_waveform(waveform, sound_picture);
    fs::path const target = folder_ / "sound.webp";
    Result<Box> const made = co_await media::draw(tools_, svg, target);
    if (!made) {
        miss(Role::thumbnail, made.error());
        co_return;
    }
    output_.made.push_back({Role::thumbnail, made->width, made->height, "image/webp", target, {}});
}

Task<> Maker::of_pdf() {
    output_.facts.format = "pdf";
    progress_(20, "Drawing the first page");
    fs::path const base = folder_ / "base.png";
    Result<Box> const made =
        co_await media::pdf_page(tools_, source_.path, base, box_of(preview_width));
    if (made) {
        co_await reduce(*made, Role::preview);
    } else {
        output_.facts.error = reason_of(made.error());
        miss(Role::thumbnail, made.error());
        miss(Role::preview, made.error());
    }
}

void Maker::of_text() {
    Result<media::TextPreview> const preview = media::text_preview(source_.path);
    if (!preview) {
        output_.facts.error = reason_of(preview.error());
        miss(Role::text, preview.error());
        return;
    }
    output_.facts.encoding = preview->encoding;
    keep_text(Role::text, json::to_text(*preview));
}

/// From base.png: the thumbnails, and the largest, which has a role of its own.
Task<> Maker::reduce(Box base, Role largest) {
    int percent = 50;
    for (int const width : thumbnail_widths) {
        progress_(percent, "Making it smaller");
        percent += 12;
        Box const made = co_await reduce_to(width, Role::thumbnail);
        if (made == base) break;  // Wider ones would be the same.
    }
    co_await reduce_to(preview_width, largest);
}

Task<Box> Maker::reduce_to(int width, Role role) {
    fs::path const target = folder_ / fmt::format("{}.webp", width);
    Result<Box> const made =
        co_await media::resize(tools_, folder_ / "base.png", target, box_of(width));
    if (!made) {
        miss(role, made.error());
        co_return Box{};
    }
    // Of a picture that is next to nothing wide, several may have the same width.
    if (!has(role, made->width)) {
        output_.made.push_back({role, made->width, made->height, "image/webp", target, {}});
    }
    co_return *made;
}

/// As the route answers it.
void Maker::keep_text(Role role, std::string const& text) {
    fs::path const target = folder_ / fmt::format("{}.json", json::name_of(role));
    std::ofstream file{target, std::ios::binary};
    file << R"({"data":)" << text << '}';
    file.close();
    if (!file) throw std::system_error{errno, std::generic_category(), "a preview"};
    output_.made.push_back({role, 0, 0, "application/json", target, {}});
}

bool Maker::has(Role role, int width) const {
    return std::ranges::any_of(output_.made, [&](Made const& each) {
        return each.role == role && each.width == width;
    });
}

void Maker::miss(Role role, media::Problem const& problem) {
    // One is enough to say it.
    if (has(role, 0)) return;
    output_.made.push_back({role, 0, 0, {}, {}, reason_of(problem)});
}

}  // namespace

bool is_shown(files::Kind kind, std::string_view media_type) {
    return kind != files::Kind::other || media_type == pdf;
}

Task<Output> make(
    media::Tools const& tools, Source source, std::filesystem::path folder, Progress progress
) {
    Maker maker{tools, std::move(source), std::move(folder), std::move(progress)};
    Output output = co_await maker.make();
    co_return output;
}

}  // namespace showrunner::derivatives
