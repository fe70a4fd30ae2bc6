// Real files, made by the programs that also look into them, and some that are made to do harm.
#include "media/image.hpp"
#include "media/poster.hpp"
#include "media/probe.hpp"
#include "media/waveform.hpp"
#include "process/child.hpp"
#include "support/run.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>
#include <stdlib.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace showrunner::media {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view usual_folders = "/usr/local/bin:/usr/bin:/bin";

Tools const& tools() {
    static Tools const found = find_tools(usual_folders);
    return found;
}

/// A folder of samples, gone with the test.
class Samples {
public:
    Samples() {
        std::string pattern = (fs::temp_directory_path() / "media-test-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
    }

    Samples(Samples const&) = delete;
    Samples& operator=(Samples const&) = delete;

    ~Samples() { fs::remove_all(folder_); }

    [[nodiscard]] fs::path path(std::string_view name) const { return folder_ / name; }

    [[nodiscard]] fs::path write(std::string_view name, std::string_view bytes) const {
        std::ofstream{path(name), std::ios::binary} << bytes;
        return path(name);
    }

    [[nodiscard]] std::string read(std::string_view name) const {
        std::ifstream file{path(name), std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    /// Runs ffmpeg or vips in the folder.
    void make(std::string const& program, std::vector<std::string> arguments) {
        process::Command const command{
            .program = program, .arguments = std::move(arguments), .working_directory = folder_
        };
        std::string said;
        auto const keep = [&said](std::string_view line) { said.append(line).append("\n"); };
        process::Exit const exit = test::run(io, process::run(command, {}, keep));
        INFO(said);
        REQUIRE(exit.succeeded());
    }

    void ffmpeg(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"-v", "error", "-y"});
        make(tools().ffmpeg, std::move(arguments));
    }

    asio::io_context io{1};

private:
    fs::path folder_;
};

bool without_pictures() {
    if (tools().pictures() && tools().moving()) return false;
    MESSAGE("not tested: libvips-tools and ffmpeg are not installed");
    return true;
}

std::string big_endian(std::uint32_t number) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
    return bytes;
}

std::string chunk(std::string const& type_and_data) {
    auto const sum = ::crc32(
        0,
        reinterpret_cast<Bytef const*>(type_and_data.data()),
        static_cast<uInt>(type_and_data.size())
    );
    return big_endian(static_cast<std::uint32_t>(type_and_data.size() - 4)) + type_and_data +
           big_endian(static_cast<std::uint32_t>(sum));
}

/// A hundred bytes that would be gigabytes of pixels.
std::string bomb(std::uint32_t width, std::uint32_t height) {
    using namespace std::string_literals;
    std::string const header = big_endian(width) + big_endian(height) + "\x08\x02\0\0\0"s;
    return "\x89PNG\r\n\x1a\n"s + chunk("IHDR" + header) + chunk("IDAT\x78\x9c\x03\0\0\0\0\x01"s) +
           chunk("IEND");
}

/// An APP1 segment of EXIF: orientation 6 (turn to the right), and a place on the globe.
std::string exif() {
    using namespace std::string_literals;
    auto const little = [](std::uint32_t number, int bytes) {
        std::string out;
        for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
        return out;
    };
    auto const entry =
        [&](std::uint32_t tag, std::uint32_t type, std::uint32_t count, std::string value) {
            value.resize(4, '\0');
            return little(tag, 2) + little(type, 2) + little(count, 4) + value;
        };
    std::string const tiff =
        "II*\0"s + little(8, 4) + little(2, 2) + entry(0x0112, 3, 1, little(6, 2)) +
        entry(0x8825, 4, 1, little(38, 4)) + little(0, 4) + little(2, 2) + entry(1, 2, 2, "N\0"s) +
        entry(3, 2, 2, "E\0"s) + little(0, 4) + "SECRETPLACE";
    std::string const body = "Exif\0\0"s + tiff;
    return "\xff\xe1"s + static_cast<char>((body.size() + 2) >> 8U) +
           static_cast<char>(body.size() + 2) + body;
}

template <typename T>
bool works(Result<T> const& result) {
    return result.has_value();
}

template <typename T>
void check_fails(Result<T> const& result, Failure kind) {
    REQUIRE_FALSE(works(result));
    INFO(result.error().message);
    CHECK(result.error().kind == kind);
    CHECK(result.error().message.ends_with('.'));
}

}  // namespace

TEST_CASE("media: tools are looked for, and what is missing is said") {
    Samples samples;
    fs::create_directory(samples.path("vips"));  // A folder is no program.
    fs::create_symlink("/bin/true", samples.path("ffmpeg"));
    std::string const folder = samples.path("").parent_path().string();
    Tools const found = find_tools("relative::/no/such/folder:" + folder);
    CHECK(found.ffmpeg == folder + "/ffmpeg");
    CHECK(found.missing() == std::vector<std::string>{"vips", "vipsheader", "ffprobe"});
    CHECK_FALSE(found.moving());
    Tools const none = find_tools("");
    CHECK(none.missing().size() == 4);
    fs::path const source = samples.write("a.png", bomb(1, 1));
    auto& io = samples.io;
    check_fails(test::run(io, image_info(none, source)), Failure::unavailable);
    check_fails(test::run(io, resize(none, source, source, {1, 1})), Failure::unavailable);
    check_fails(test::run(io, pdf_page(none, source, source, {1, 1})), Failure::unavailable);
    check_fails(test::run(io, probe(none, source)), Failure::unavailable);
    check_fails(test::run(io, poster(none, source, source, {}, {1, 1})), Failure::unavailable);
    check_fails(test::run(io, waveform(none, source, {})), Failure::unavailable);
    CHECK(
        test::run(io, probe(none, source)).error().message ==
        "The program ffprobe is not installed on this server."
    );
    // One that has gone since.
    Tools const gone{"/no/vips", "/no/vipsheader", "/no/ffmpeg", "/no/ffprobe"};
    check_fails(test::run(io, image_info(gone, source)), Failure::unavailable);
    check_fails(test::run(io, probe(gone, source)), Failure::unavailable);
}

TEST_CASE("media: a thumbnail is upright, small, and says nothing of where it was taken") {
    if (without_pictures()) return;
    Samples samples;
    samples.ffmpeg({"-f", "lavfi", "-i", "color=red:s=640x400", "-frames:v", "1", "plain.jpg"});
    std::string bytes = samples.read("plain.jpg");
    bytes.insert(2, exif());
    fs::path const source = samples.write("turned.jpg", bytes);
    auto& io = samples.io;
    auto const info = test::run(io, image_info(tools(), source));
    REQUIRE(info.has_value());
    CHECK(*info == ImageInfo{"jpeg", 400, 640, 1, false});
    auto const made = test::run(io, resize(tools(), source, samples.path("t.webp"), {100, 400}));
    REQUIRE(made.has_value());
    CHECK(*made == Box{100, 160});
    std::string const thumbnail = samples.read("t.webp");
    CHECK(thumbnail.starts_with("RIFF"));
    CHECK(bytes.find("SECRETPLACE") != std::string::npos);
    for (std::string_view const trace : {"SECRETPLACE", "Exif", "EXIF", "ICCP", "XMP "}) {
        CHECK(thumbnail.find(trace) == std::string::npos);
    }
    // Never enlarged; other formats by their names.
    auto const same = test::run(io, resize(tools(), source, samples.path("p.png"), {4000, 4000}));
    REQUIRE(same.has_value());
    CHECK(*same == Box{400, 640});
    CHECK(samples.read("p.png").starts_with("\x89PNG"));
    auto const jpeg = test::run(io, resize(tools(), source, samples.path("p.jpg"), {50, 50}));
    REQUIRE(jpeg.has_value());
    for (std::string_view const name : {"p.png", "p.jpg"}) {
        CHECK(samples.read(name).find("Exif") == std::string::npos);
        CHECK(samples.read(name).find("eXIf") == std::string::npos);
    }
    // Nothing else is left.
    CHECK(std::distance(fs::directory_iterator{samples.path("")}, {}) == 5);
}

TEST_CASE("media: CMYK and what is transparent become pictures of a browser") {
    if (without_pictures()) return;
    Samples samples;
    samples.ffmpeg(
        {"-f", "lavfi", "-i", "color=red@0.5:s=64x64,format=rgba", "-frames:v", "1", "a.png"}
    );
    samples.ffmpeg({"-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1", "b.png"});
    samples.make(tools().vips, {"icc_export", "b.png", "c.jpg", "--output-profile", "cmyk"});
    auto& io = samples.io;
    auto const clear = test::run(io, image_info(tools(), samples.path("a.png")));
    REQUIRE(clear.has_value());
    CHECK(clear->transparent);
    for (std::string_view const name : {"a.png", "c.jpg"}) {
        fs::path const target = samples.path("o.webp");
        REQUIRE(works(test::run(io, resize(tools(), samples.path(name), target, {32, 32}))));
        auto const info = test::run(io, image_info(tools(), samples.path("o.webp")));
        REQUIRE(info.has_value());
        CHECK(info->width == 32);
        CHECK(info->transparent == (name == "a.png"));
    }
}

TEST_CASE("media: a bomb is refused by its header") {
    if (without_pictures()) return;
    Samples samples;
    auto& io = samples.io;
    fs::path const source = samples.write("bomb.png", bomb(50'000, 50'000));
    check_fails(test::run(io, image_info(tools(), source)), Failure::too_large);
    auto const made = test::run(io, resize(tools(), source, samples.path("o.webp"), {100, 100}));
    check_fails(made, Failure::too_large);
    CHECK(
        made.error().message ==
        "The picture has 50000 × 50000 pixels; at most 100 million are decoded."
    );
    samples.ffmpeg({"-f", "lavfi", "-i", "testsrc2=s=64x64:d=1:r=10", "many.gif"});
    auto const animated = test::run(io, image_info(tools(), samples.path("many.gif")));
    REQUIRE(animated.has_value());
    CHECK(animated->pages == 10);
    check_fails(
        test::run(io, image_info(tools(), samples.path("many.gif"), {.pages = 9})),
        Failure::too_large
    );
    auto const first =
        test::run(io, resize(tools(), samples.path("many.gif"), samples.path("o.webp"), {32, 32}));
    REQUIRE(first.has_value());
    CHECK(*first == Box{32, 32});
}

TEST_CASE("media: pictures that are cut, empty or something else") {
    if (without_pictures()) return;
    Samples samples;
    auto& io = samples.io;
    samples.ffmpeg({"-f", "lavfi", "-i", "testsrc2=s=640x480", "-frames:v", "1", "whole.png"});
    fs::path const target = samples.path("o.webp");
    auto const whole = samples.read("whole.png");
    fs::path const cut = samples.write("cut.png", whole.substr(0, whole.size() / 2));
    check_fails(test::run(io, resize(tools(), cut, target, {100, 100})), Failure::broken);
    fs::path const empty = samples.write("empty.png", "");
    check_fails(test::run(io, resize(tools(), empty, target, {100, 100})), Failure::unsupported);
    // Readers that are not made for files of strangers are not used.
    fs::path const svg = samples.write(
        "a.svg",
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>)"
    );
    check_fails(test::run(io, resize(tools(), svg, target, {100, 100})), Failure::unsupported);
    fs::path const portable = samples.write("a.ppm", "P6 1 1 255 abc");
    check_fails(test::run(io, image_info(tools(), portable)), Failure::unsupported);
    CHECK_FALSE(fs::exists(target));
}

TEST_CASE("media: the first page of a PDF") {
    if (without_pictures()) return;
    Samples samples;
    auto& io = samples.io;
    fs::path const source = samples.write("a.pdf", R"(%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 400]>>endobj
trailer<</Root 1 0 R>>
)");
    auto const page = test::run(io, pdf_page(tools(), source, samples.path("o.webp"), {100, 100}));
    if (!page && page.error().kind == Failure::unavailable) {
        MESSAGE("not tested: libvips does not read PDF here");
        return;
    }
    REQUIRE(page.has_value());
    CHECK(*page == Box{50, 100});
    fs::path const other = samples.write("b.pdf", "not one");
    check_fails(
        test::run(io, pdf_page(tools(), other, samples.path("p.webp"), {100, 100})),
        Failure::unsupported
    );
}

TEST_CASE("media: facts and poster of a video that is turned") {
    if (without_pictures()) return;
    Samples samples;
    auto& io = samples.io;
    samples.ffmpeg(
        {"-f",
         "lavfi",
         "-i",
         "testsrc2=s=320x180:d=2:r=25",
         "-f",
         "lavfi",
         "-i",
         "sine=440:d=2",
         "-c:v",
         "mpeg4",
         "-c:a",
         "aac",
         "flat.mp4"}
    );
    samples.ffmpeg({"-i", "flat.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", "turned.mp4"});
    fs::path const source = samples.path("turned.mp4");
    auto const facts = test::run(io, probe(tools(), source));
    REQUIRE(facts.has_value());
    CHECK(facts->container == "mp4");
    CHECK(std::abs(facts->duration_ms.value_or(0) - 2000) < 100);
    REQUIRE(facts->video.size() == 1);
    CHECK(facts->video[0].codec == "mpeg4");
    CHECK(facts->video[0].width == 180);
    CHECK(facts->video[0].height == 320);
    CHECK(facts->video[0].rotation % 180 == 90);
    CHECK(facts->video[0].frame_rate == 25);
    REQUIRE(facts->audio.size() == 1);
    CHECK(facts->audio[0].codec == "aac");
    CHECK(facts->audio[0].channels == 1);
    CHECK(facts->audio[0].sample_rate == 44100);
    auto const made =
        test::run(io, poster(tools(), source, samples.path("p.webp"), *facts, {90, 400}));
    REQUIRE(made.has_value());
    CHECK(*made == Box{90, 160});
    // A duration that is a lie: the first frame it is.
    Probe lie = *facts;
    lie.duration_ms = 100'000;
    CHECK(works(test::run(io, poster(tools(), source, samples.path("p.webp"), lie, {90, 400}))));

    auto const bytes = samples.read("flat.mp4");
    fs::path const cut = samples.write("cut.mp4", bytes.substr(0, bytes.size() / 2));
    check_fails(test::run(io, probe(tools(), cut)), Failure::broken);
    fs::path const noise = samples.write("noise.mp4", "nothing of the kind");
    check_fails(test::run(io, probe(tools(), noise)), Failure::broken);
}

TEST_CASE("media: the waveform of a sound that grows") {
    if (without_pictures()) return;
    Samples samples;
    auto& io = samples.io;
    samples.ffmpeg(
        {"-f",
         "lavfi",
         "-i",
         "aevalsrc='sin(440*2*PI*t)*t/10':d=10:s=48000",
         "-c:a",
         "flac",
         "grows.flac"}
    );
    fs::path const source = samples.path("grows.flac");
    auto const facts = test::run(io, probe(tools(), source));
    REQUIRE(facts.has_value());
    CHECK(facts->container == "flac");
    CHECK(facts->video.empty());
    std::vector<int> told;
    auto const made = test::run(io, waveform(tools(), source, *facts, [&](int percent) {
                                    told.push_back(percent);
                                }));
    REQUIRE(made.has_value());
    CHECK(std::abs(made->duration_ms - 10'000) < 50);
    REQUIRE(made->peaks.size() == 1000);
    CHECK(made->peaks[10] < 0.03);
    CHECK(std::abs(made->peaks[500] - 0.5) < 0.03);
    CHECK(made->peaks[995] > 0.95);
    CHECK_FALSE(told.empty());
    std::string const svg = draw_waveform(*made, {320, 80});
    auto const drawn = test::run(io, draw(tools(), svg, samples.path("w.webp")));
    REQUIRE(drawn.has_value());
    CHECK(*drawn == Box{320, 80});
    // A file that does not say how long it is, and one without any sound.
    Probe unknown = *facts;
    unknown.duration_ms.reset();
    auto const same = test::run(io, waveform(tools(), source, unknown));
    REQUIRE(same.has_value());
    CHECK(same->peaks.size() > 500);
    CHECK(same->peaks.size() <= 1000);
    samples.ffmpeg({"-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg4", "mute.mp4"});
    auto const mute = test::run(io, probe(tools(), samples.path("mute.mp4")));
    REQUIRE(mute.has_value());
    check_fails(
        test::run(io, waveform(tools(), samples.path("mute.mp4"), *mute)), Failure::unsupported
    );
}

TEST_CASE("media: peaks stay few however many there are") {
    PeakCollector collector{10};
    for (int i = 1; i <= 1'000'003; ++i) collector.add(i);
    auto const peaks = std::move(collector).take();
    CHECK(peaks.size() == 10);
    CHECK(peaks.back() == 1'000'003);
    CHECK(std::ranges::is_sorted(peaks));
    PeakCollector few{10};
    few.add(3);
    CHECK(std::move(few).take() == std::vector<double>{3});
}

TEST_CASE("media: names of files are no options, protocols or patterns") {
    if (without_pictures()) return;
    Samples samples;
    auto& io = samples.io;
    samples.ffmpeg({"-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-frames:v", "1", "a.png"});
    samples.ffmpeg({"-f", "lavfi", "-i", "sine=440:d=1", "b.wav"});
    for (std::string_view const name :
         {"-version",
          "--help",
          "x[page=7]",
          "a%d.png",
          "http:evil",
          "concat:a|b",
          "$(touch x)",
          "two words\n",
          "\xc3\xa4\xe2\x80\xae.png",
          "'\"`;&|*?",
          "x.svg",
          "x.m3u8"}) {
        INFO(std::string{name});
        fs::copy_file(samples.path("a.png"), samples.path(name));
        fs::copy_file(samples.path("b.wav"), samples.path(std::string{name} + "b"));
        fs::path const target = samples.path("o.webp");
        CHECK(works(test::run(io, resize(tools(), samples.path(name), target, {32, 32}))));
        CHECK(works(test::run(io, probe(tools(), samples.path(std::string{name} + "b")))));
    }
    CHECK_FALSE(fs::exists(samples.path("x")));
}

TEST_CASE("media: a playlist reaches neither other files nor a server") {
    if (without_pictures()) return;
    Samples samples;
    auto& io = samples.io;
    using asio::ip::tcp;
    tcp::acceptor listener{io, {asio::ip::address_v4::loopback(), 0}};
    listener.non_blocking(true);
    samples.ffmpeg({"-f", "lavfi", "-i", "sine=440:d=1", "-f", "mpegts", "secret.ts"});
    std::string const secret = samples.path("secret.ts").string();
    std::string const server =
        fmt::format("http://127.0.0.1:{}/a.ts", listener.local_endpoint().port());
    Probe claimed;
    claimed.video.emplace_back();
    claimed.audio.emplace_back();
    for (std::string const& wanted : {secret, server, "concat:" + secret, "file:" + secret}) {
        std::string const m3u8 =
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + wanted + "\n#EXT-X-ENDLIST\n";
        std::string const concat = "ffconcat version 1.0\nfile '" + wanted + "'\n";
        std::string const dash =
            "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period>"
            "<AdaptationSet mimeType=\"audio/mp4\"><Representation id=\"1\" bandwidth=\"1\">"
            "<BaseURL>" +
            wanted + "</BaseURL></Representation></AdaptationSet></Period></MPD>";
        for (std::string const& text : {m3u8, concat, dash}) {
            INFO(text);
            fs::path const source = samples.write("list", text);
            auto const facts = test::run(io, probe(tools(), source));
            REQUIRE_FALSE(facts.has_value());
            CHECK(facts.error().kind != Failure::unavailable);
            fs::path const target = samples.path("o.webp");
            CHECK_FALSE(works(test::run(io, poster(tools(), source, target, claimed, {32, 32}))));
            CHECK_FALSE(works(test::run(io, waveform(tools(), source, claimed))));
        }
    }
    boost::system::error_code error;
    static_cast<void>(listener.accept(error));
    CHECK(error == asio::error::would_block);
}

}  // namespace showrunner::media
