#include "files/recent.hpp"

#include <doctest/doctest.h>

namespace showrunner::files {

namespace {

std::shared_ptr<Stored const> stored(std::string id, State state = State::ready) {
    Stored made;
    made.file.id = std::move(id);
    made.file.state = state;
    return std::make_shared<Stored const>(std::move(made));
}

}  // namespace

TEST_CASE("recent files: what changed while it was looked up is not kept") {
    RecentFiles recent;
    recent.keep(stored("a"), recent.mark());
    CHECK(recent.find("a") != nullptr);
    recent.forget("a");
    CHECK(recent.find("a") == nullptr);
    auto const mark = recent.mark();
    recent.forget("a");
    recent.keep(stored("a"), mark);
    CHECK(recent.find("a") == nullptr);
}

TEST_CASE("recent files: only what is ready, and not without end") {
    RecentFiles recent;
    recent.keep(stored("a", State::uploading), recent.mark());
    CHECK(recent.find("a") == nullptr);
    std::size_t known = 0;
    for (int i = 0; i < 2000; ++i) recent.keep(stored(std::to_string(i)), recent.mark());
    for (int i = 0; i < 2000; ++i) known += recent.find(std::to_string(i)) ? 1U : 0U;
    CHECK(known <= 1024);
    CHECK(recent.find("1999") != nullptr);
}

TEST_CASE("recent downloads: stand for one user and file, until their time") {
    RecentDownloads recent;
    Time const now{std::chrono::hours{1000}};
    recent.keep("file", "user", now);
    CHECK(recent.holds("file", "user", now - std::chrono::milliseconds{1}));
    CHECK_FALSE(recent.holds("file", "user", now));
    CHECK_FALSE(recent.holds("file", "other", now - std::chrono::minutes{1}));
}

}  // namespace showrunner::files
