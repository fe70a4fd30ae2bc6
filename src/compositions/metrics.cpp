#include "compositions/metrics.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <stdexcept>

namespace showrunner::compositions {

namespace {

FontMetrics read_face(boost::json::object const& in) {
    FontMetrics face;
    auto const number = [&](char const* name) { return in.at(name).to_number<double>(); };
    double const em = number("units_per_em");
    if (!(em > 0)) throw std::runtime_error{"a font has no units"};
    face.ascent = number("ascent") / em;
    face.descent = number("descent") / em;
    face.default_advance = number("default_advance") / em;
    if (auto const* file = in.if_contains("file")) face.file = file->as_string();
    for (auto const& [text, advance] : in.at("advances").as_object()) {
        std::u32string const characters = decode(text);
        if (characters.size() != 1) throw std::runtime_error{"an advance is not of one character"};
        face.advances[characters.front()] = advance.to_number<double>() / em;
    }
    return face;
}

FontMetrics const& unknown_font() {
    static FontMetrics const unknown{
        .ascent = 0.8, .descent = 0.2, .default_advance = 0.5, .advances = {}, .file = {}
    };
    return unknown;
}

}  // namespace

double FontMetrics::advance(char32_t character) const {
    auto const found = advances.find(character);
    return found == advances.end() ? default_advance : found->second;
}

Metrics Metrics::parse(std::string_view text) {
    Metrics metrics;
    boost::json::value const value = boost::json::parse(text);
    for (auto const& [font, weights] : value.as_object().at("fonts").as_object()) {
        for (auto const& [weight, face] : weights.as_object()) {
            int number = 0;
            std::from_chars(weight.data(), weight.data() + weight.size(), number);
            metrics.fonts_[{std::string{font}, number}] = read_face(face.as_object());
        }
    }
    return metrics;
}

FontMetrics const& Metrics::of(std::string_view font, int weight) const {
    for (int const wanted : {weight, 400, 700}) {
        auto const found = fonts_.find(std::pair<std::string, int>{font, wanted});
        if (found != fonts_.end()) return found->second;
    }
    return unknown_font();
}

std::u32string decode(std::string_view text) {
    std::u32string out;
    constexpr char32_t replacement = 0xfffd;
    for (std::size_t i = 0; i < text.size();) {
        auto const first = static_cast<unsigned char>(text[i++]);
        if (first < 0x80) {
            out += first;
            continue;
        }
        std::size_t const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
        char32_t character = first & (0x3fU >> more);
        std::size_t read = 0;
        for (; read < more && i < text.size(); ++read, ++i) {
            auto const next = static_cast<unsigned char>(text[i]);
            if ((next & 0xc0U) != 0x80U) break;
            character = (character << 6U) | (next & 0x3fU);
        }
        out += more > 0 && read == more ? character : replacement;
    }
    return out;
}

void append_utf8(std::string& out, char32_t character) {
    auto const byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    std::uint32_t const c = character;
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xc0U | (c >> 6U));
        byte(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
        byte(0xe0U | (c >> 12U));
        byte(0x80U | ((c >> 6U) & 0x3fU));
        byte(0x80U | (c & 0x3fU));
    } else {
        byte(0xf0U | (c >> 18U));
        byte(0x80U | ((c >> 12U) & 0x3fU));
        byte(0x80U | ((c >> 6U) & 0x3fU));
        byte(0x80U | (c & 0x3fU));
    }
}

}  // namespace showrunner::compositions
