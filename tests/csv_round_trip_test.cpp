// What is exported imports again to the same fields.
#include "base/csv.hpp"
#include "episodes/table.hpp"

#include <doctest/doctest.h>

namespace showrunner {

TEST_CASE("csv: what is written is what the import reads") {
    using Records = std::vector<std::vector<std::string>>;
    Records const records{
        {"title", "description", "categories"},
        {"Pilot, the", "She said \"no\".\r\nThen:\n\n\"\"", "a|b"},
        {"", "", ""},
        {" padded ", "\ttab\t", ";"},
        {"=SUM(A1)", "\"", "\"\""},
        {"Größe", "😀", "\xef\xbb\xbf"},
    };
    Records const narrow{{"\xef\xbb\xbftitle"}, {"a"}, {""}, {","}};
    for (Records const& written : {records, narrow}) {
        std::string text;
        for (auto const& record : written) csv::write_row(text, record);
        for (std::size_t const step : {1UL, 5UL, 1000UL}) {
            episodes::CsvSplitter splitter;
            Records seen;
            for (std::size_t at = 0; at < text.size(); at += step) {
                splitter.feed(std::string_view{text}.substr(at, step), seen);
            }
            splitter.finish(seen);
            CHECK(seen == written);
        }
    }
}

}  // namespace showrunner
