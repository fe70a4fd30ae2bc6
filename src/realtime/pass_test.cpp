#include "realtime/pass.hpp"

#include <doctest/doctest.h>

namespace showrunner::realtime {

TEST_CASE("a pass opens where it was sealed and nowhere else") {
    auth::TokenSigner const signer{std::string(32, 'a')};
    Pass const pass{"sid", "user", {7, 9}, *parse_time("2026-11-20T12:00:00Z")};
    std::string const text = seal(signer, pass);
    auto const opened = open(signer, text);
    REQUIRE(opened.has_value());
    CHECK(opened->sid == "sid");
    CHECK(opened->user_id == "user");
    CHECK(opened->joined_at == events::Offset{7, 9});
    CHECK(opened->issued_at == pass.issued_at);
    CHECK_FALSE(open(auth::TokenSigner{std::string(32, 'b')}, text).has_value());
    std::string forged = text;
    forged.replace(0, 3, "SID");
    CHECK_FALSE(open(signer, forged).has_value());
    CHECK_FALSE(open(signer, "").has_value());
    CHECK_FALSE(open(signer, "~").has_value());
}

}  // namespace showrunner::realtime
