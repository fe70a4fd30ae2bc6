#include "episodes/episode.hpp"

#include <doctest/doctest.h>

#include <set>

namespace showrunner::episodes {

TEST_CASE("the workflow allows exactly its moves") {
    using enum Status;
    std::set<std::pair<Status, Status>> const moves{
        {draft, in_review},
        {draft, published},
        {draft, archived},
        {in_review, draft},
        {in_review, approved},
        {in_review, published},
        {approved, draft},
        {approved, published},
        {published, draft},
        {published, archived},
        {archived, draft},
    };
    for (Status const from : {draft, in_review, approved, published, archived}) {
        for (Status const to : {draft, in_review, approved, published, archived}) {
            bool const open = moves.contains({from, to});
            bool const strict = open && (to != published || from == approved);
            for (bool const requires_approval : {false, true}) {
                bool allowed = true;
                try {
                    check_move(from, to, requires_approval);
                } catch (Error const& error) {
                    allowed = false;
                    CHECK(error.token == "INVALID_MOVE");
                    CHECK(error.allowed.size() == allowed_moves(from, requires_approval).size());
                }
                CHECK(allowed == (requires_approval ? strict : open));
            }
        }
    }
}

TEST_CASE("texts are trimmed and categories are a set in order") {
    std::string title = " \tA Walk \n";
    tidy(title);
    CHECK(title == "A Walk");
    std::vector<std::string> categories{"tree", " tree ", "", "lake"};
    tidy(categories);
    CHECK(categories == std::vector<std::string>{"tree", "lake"});
}

}  // namespace showrunner::episodes
