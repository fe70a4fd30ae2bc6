// How wide the characters of the fonts are, from the web app's fonts/metrics.json: browser and
// server break lines by the same numbers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace showrunner::compositions {

/// Of one family and weight, in fractions of the text's size.
struct FontMetrics {
    double ascent = 0;
    double descent = 0;  ///< below the baseline, positive
    double default_advance = 0;
    std::map<char32_t, double> advances;
    std::string file;  ///< beside metrics.json

    [[nodiscard]] double advance(char32_t character) const;
};

class Metrics {
public:
    Metrics() = default;

    /// Throws std::runtime_error for what is not as docs/compositions.md says.
    [[nodiscard]] static Metrics parse(std::string_view text);

    /// The closest there is: without the weight the other one, without the font nothing but
    /// characters half as wide as the text is high.
    [[nodiscard]] FontMetrics const& of(std::string_view font, int weight) const;

private:
    std::map<std::pair<std::string, int>, FontMetrics, std::less<>> fonts_;
};

/// The characters of valid UTF-8; what is not valid becomes U+FFFD.
[[nodiscard]] std::u32string decode(std::string_view text);
void append_utf8(std::string& out, char32_t character);

}  // namespace showrunner::compositions
