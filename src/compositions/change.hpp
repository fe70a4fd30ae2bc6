// What changing a composition has in common with every other change of one.
#pragma once

#include "compositions/store.hpp"
#include "events/ledger.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::compositions {

/// Each attempt lost to another change; so many in a row is a stampede, not a coincidence.
inline constexpr int attempts_max = 10;

[[nodiscard]] Error busy();

/// Throws Error VERSION_MISMATCH with the current record.
void check_version(Composition const& current, std::optional<int> version);

[[nodiscard]] events::Subject subject_of(Composition const& composition);

/// As events carry it: without the document.
[[nodiscard]] json::Raw record_of(Composition composition);

/// Cuts off what surrounds a name.
void tidy(std::string& name);

/// Pictures that the document has and `known` has not must be images of the show.
Task<> check_files(
    api::Context& context,
    Document const& document,
    std::vector<std::string> const& known,
    std::string_view show_id
);

/// $1 to $4 of every statement that keeps a version.
[[nodiscard]] db::Params version_params(
    api::Context const& context,
    std::optional<std::string> const& summary,
    std::vector<std::string> const& changed,
    std::optional<int> reverted_from = {}
);

}  // namespace showrunner::compositions
