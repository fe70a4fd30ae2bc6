#include "blobs/disk_store.hpp"

#include "support/store_conformance.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

namespace showrunner::blobs {

namespace {

namespace fs = std::filesystem;

class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "showrunner-store-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }

    ~Folder() { fs::remove_all(path_); }

    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;

    [[nodiscard]] fs::path const& path() const { return path_; }

private:
    fs::path path_;
};

std::size_t files_below(fs::path const& folder) {
    std::size_t count = 0;
    for (auto const& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.is_regular_file()) ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("disk store: does what every store does, and leaves nothing behind") {
    Folder const folder;
    Folder const fetched;
    asio::io_context io{1};
    DiskStore store{folder.path()};
    test::StoreConformance{io, store, fetched.path()}.check();
    CHECK(files_below(folder.path()) == 0);
}

TEST_CASE("disk store: a file that the system refuses is no room, and the upload goes on after") {
    Folder const folder;
    asio::io_context io{1};
    DiskStore store{folder.path()};
    test::run(io, store.prepare());
    Staged staged = test::run(io, store.begin(new_id()));
    test::run(io, store.append(staged, std::make_shared<std::string const>(1000, 'x')));
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit const little{4096, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
    Code code = Code::internal;
    try {
        test::run(io, store.append(staged, std::make_shared<std::string const>(100'000, 'y')));
    } catch (Error const& error) {
        code = error.code;
    }
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(code == Code::no_space);
    CHECK(staged.offset == 1000);
    CHECK(test::run(io, store.resume(staged)));
    test::run(io, store.append(staged, std::make_shared<std::string const>(24, 'z')));
    CHECK(staged.offset == 1024);
    test::run(io, store.abort(staged));
    CHECK(files_below(folder.path()) == 0);
}

TEST_CASE("disk store: a folder that cannot be written to is refused in words") {
    asio::io_context io{1};
    DiskStore store{"/proc/nowhere"};
    CHECK_THROWS_WITH(
        test::run(io, store.prepare()), "files cannot be kept in /proc/nowhere/staged"
    );
}

TEST_CASE("sha256: the known digests, in pieces, and gone on with by another") {
    CHECK(Sha256{}.hex() == sha256_hex(""));
    std::string text;
    for (int i = 0; i < 300; ++i) text += std::to_string(i);
    for (std::size_t const cut : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 127U, 128U, 500U}) {
        Sha256 first;
        first.update(std::string_view{text}.substr(0, cut));
        CHECK(first.hex() == sha256_hex(text.substr(0, cut)));
        auto second = Sha256::resume(first.state());
        REQUIRE(second);
        CHECK(second->bytes() == cut);
        second->update(std::string_view{text}.substr(cut));
        CHECK(second->hex() == sha256_hex(text));
        for (std::size_t at = cut; at < text.size(); at += 7) {
            first.update(std::string_view{text}.substr(at, 7));
        }
        CHECK(first.hex() == sha256_hex(text));
        CHECK(first.state().size() <= 210);
    }
    for (char const* bad : {"", "x", "6a09e667"}) CHECK_FALSE(Sha256::resume(bad));
    CHECK_FALSE(Sha256::resume(Sha256{}.state() + "00"));
    CHECK_FALSE(Sha256::resume("zz" + Sha256{}.state().substr(2)));
}

}  // namespace showrunner::blobs
