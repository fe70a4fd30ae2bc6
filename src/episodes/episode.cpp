#include "episodes/episode.hpp"

#include <algorithm>

namespace showrunner::episodes {

namespace {

constexpr std::string_view blank = " \t\r\n";

}  // namespace

std::vector<Status> allowed_moves(Status from, bool requires_approval) {
    using enum Status;
    std::vector<Status> moves;
    switch (from) {
        case draft:
            moves = {in_review, published, archived};
            break;
        case in_review:
            moves = {draft, approved, published};
            break;
        case approved:
            moves = {draft, published};
            break;
        case published:
            moves = {draft, archived};
            break;
        case archived:
            moves = {draft};
            break;
    }
    if (requires_approval && from != approved) std::erase(moves, published);
    return moves;
}

void check_move(Status from, Status to, bool requires_approval) {
    std::vector<Status> const allowed = allowed_moves(from, requires_approval);
    if (std::find(allowed.begin(), allowed.end(), to) != allowed.end()) return;
    Error error{
        Code::conflict,
        "INVALID_MOVE",
        fmt::format(
            "An episode that is {} cannot become {}.", json::name_of(from), json::name_of(to)
        )
    };
    for (Status const status : allowed) error.allowed.emplace_back(json::name_of(status));
    throw error;
}

void tidy(std::string& title) {
    title.erase(0, std::min(title.find_first_not_of(blank), title.size()));
    title.erase(title.find_last_not_of(blank) + 1);
}

void tidy(std::vector<std::string>& categories) {
    std::vector<std::string> kept;
    for (std::string& category : categories) {
        tidy(category);
        bool const known = std::find(kept.begin(), kept.end(), category) != kept.end();
        if (!category.empty() && !known) kept.push_back(std::move(category));
    }
    categories = std::move(kept);
}

}  // namespace showrunner::episodes
