// What every engine behind blobs::Store must do. A test makes an empty store and hands it over:
//
//   test::StoreConformance{io, store, folder}.check();
#pragma once

#include "base/id.hpp"
#include "blobs/sha256.hpp"
#include "blobs/store.hpp"
#include "support/run.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace showrunner::test {

class StoreConformance {
public:
    /// `folder`: an empty one, for files that the store is asked to fetch.
    StoreConformance(asio::io_context& io, blobs::Store& store, std::filesystem::path folder)
        : io_{io}, store_{store}, folder_{std::move(folder)} {}

    void check() {
        run(store_.prepare());
        a_blob_is_what_was_appended();
        any_part_can_be_read();
        an_upload_goes_on_after_a_crash();
        what_is_not_at_its_offset_is_refused();
        finishing_again_gives_the_same_key();
        an_upload_that_is_aborted_leaves_nothing();
        what_is_not_there_is_said_to_be();
        equal_content_may_be_stored_twice();
        lists_are_whole_at_any_page();
        a_large_blob_comes_back();
    }

private:
    template <typename T>
    T run(Task<T> task) {
        return test::run(io_, std::move(task));
    }

    static blobs::Bytes bytes(std::string text) {
        return std::make_shared<std::string const>(std::move(text));
    }

    static std::string hash(std::string_view text) {
        blobs::Sha256 sum;
        sum.update(text);
        return sum.hex();
    }

    /// Text that does not repeat itself.
    static std::string content(std::size_t size) {
        std::string text;
        text.reserve(size + 20);
        while (text.size() < size) text += std::to_string(text.size() * 2654435761U);
        text.resize(size);
        return text;
    }

    std::string put(std::string const& text) {
        blobs::Staged staged = run(store_.begin(new_id()));
        run(store_.append(staged, bytes(text)));
        return run(store_.finish(staged, hash(text)));
    }

    Task<std::string> read_all(std::string key, std::uint64_t offset, std::uint64_t length) {
        auto const source = co_await store_.open(std::move(key), offset, length);
        std::string all;
        std::string chunk;
        for (;;) {
            bool const more = co_await source->read(chunk);
            if (!more) break;
            all += chunk;
        }
        co_return all;
    }

    template <typename T>
    Code code_of(Task<T> task) {
        try {
            static_cast<void>(run(std::move(task)));
        } catch (Error const& error) {
            return error.code;
        }
        FAIL_CHECK("nothing was refused");
        return Code::internal;
    }

    Code code_of(Task<> task) {
        auto wrapped = [](Task<> inner) -> Task<bool> {
            co_await std::move(inner);
            co_return true;
        };
        return code_of(wrapped(std::move(task)));
    }

    void a_blob_is_what_was_appended() {
        std::string const text = content(100'000);
        blobs::Staged staged = run(store_.begin(new_id()));
        CHECK(staged.offset == 0);
        for (std::size_t at = 0; at < text.size(); at += 30'000) {
            std::string part = text.substr(at, 30'000);
            run(store_.append(staged, bytes(std::move(part))));
        }
        CHECK(staged.offset == text.size());
        run(store_.sync(staged));
        std::string const key = run(store_.finish(staged, hash(text)));
        CHECK(run(store_.size(key)) == text.size());
        CHECK(run(read_all(key, 0, text.size())) == text);
        auto const path = folder_ / new_id();
        run(store_.fetch(key, path));
        std::ifstream file{path, std::ios::binary};
        CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == text);
        run(store_.remove(key));
        CHECK_FALSE(run(store_.size(key)));
    }

    void any_part_can_be_read() {
        std::string const text = content(70'000);
        std::string const key = put(text);
        for (auto const [offset, length] : std::vector<std::pair<std::size_t, std::size_t>>{
                 {0, 1}, {0, 70'000}, {69'999, 1}, {1, 65'536}, {65'536, 4'464}, {70'000, 0}
             }) {
            INFO(offset, " ", length);
            CHECK(run(read_all(key, offset, length)) == text.substr(offset, length));
        }
        CHECK(code_of(store_.open(key, 69'999, 2)) == Code::not_found);
        run(store_.remove(key));
    }

    void an_upload_goes_on_after_a_crash() {
        std::string const text = content(90'000);
        blobs::Staged staged = run(store_.begin(new_id()));
        run(store_.append(staged, bytes(text.substr(0, 50'000))));
        run(store_.sync(staged));
        blobs::Staged on_record = staged;
        run(store_.append(staged, bytes("written, and not on record")));
        CHECK(run(store_.resume(on_record)));
        CHECK(on_record.offset == 50'000);
        run(store_.append(on_record, bytes(text.substr(50'000))));
        std::string const key = run(store_.finish(on_record, hash(text)));
        CHECK(run(read_all(key, 0, text.size())) == text);
        run(store_.remove(key));
    }

    void what_is_not_at_its_offset_is_refused() {
        blobs::Staged staged = run(store_.begin(new_id()));
        run(store_.append(staged, bytes("first")));
        blobs::Staged late = staged;
        run(store_.append(staged, bytes(" second")));
        run(store_.sync(staged));
        blobs::Staged too_much = staged;
        too_much.offset += 1'000'000;
        too_much.state.clear();
        CHECK_FALSE(run(store_.resume(too_much)));
        if (store_.name() == "disk") {
            CHECK(code_of(store_.append(late, bytes(" other"))) == Code::conflict);
            CHECK(late.offset == 5);
        }
        run(store_.abort(staged));
    }

    void finishing_again_gives_the_same_key() {
        blobs::Staged staged = run(store_.begin(new_id()));
        run(store_.append(staged, bytes("twice")));
        std::string const key = run(store_.finish(staged, hash("twice")));
        CHECK(run(store_.finish(staged, hash("twice"))) == key);
        CHECK(run(read_all(key, 0, 5)) == "twice");
        run(store_.remove(key));
        run(store_.remove(key));
    }

    void an_upload_that_is_aborted_leaves_nothing() {
        blobs::Staged staged = run(store_.begin(new_id()));
        run(store_.append(staged, bytes("gone")));
        CHECK(run(staged_ids()).contains(staged.id));
        run(store_.abort(staged));
        run(store_.abort(staged));
        CHECK_FALSE(run(staged_ids()).contains(staged.id));
        CHECK_FALSE(run(store_.resume(staged)));
        CHECK(code_of(store_.finish(staged, hash("gone"))) == Code::not_found);
    }

    void what_is_not_there_is_said_to_be() {
        std::string const none = std::string(64, 'a');
        std::string const key = "aa/aa/" + none + "." + new_id();
        CHECK_FALSE(run(store_.size(key)));
        CHECK(code_of(store_.open(key, 0, 0)) == Code::not_found);
        CHECK(code_of(store_.fetch(key, folder_ / "none")) == Code::not_found);
        for (char const* evil : {"", ".", "..", "../staged", "/etc/passwd", "ab/cd/../../x"}) {
            INFO(evil);
            CHECK_FALSE(run(store_.size(evil)));
            CHECK(code_of(store_.open(evil, 0, 0)) == Code::not_found);
        }
    }

    void equal_content_may_be_stored_twice() {
        std::string const one = put("the same");
        std::string const other = put("the same");
        CHECK(one != other);
        run(store_.remove(one));
        CHECK(run(read_all(other, 0, 8)) == "the same");
        run(store_.remove(other));
    }

    Task<std::vector<std::string>> keys(std::size_t page) {
        std::vector<std::string> all;
        std::string cursor;
        do {
            blobs::Listing const listing = co_await store_.list(cursor, page);
            for (blobs::Item const& item : listing.items) all.push_back(item.key);
            cursor = listing.next_cursor;
        } while (!cursor.empty());
        co_return all;
    }

    Task<std::set<std::string>> staged_ids() {
        std::set<std::string> all;
        std::string cursor;
        do {
            blobs::Listing const listing = co_await store_.list_staged(cursor, 2);
            for (blobs::Item const& item : listing.items) all.insert(item.key);
            cursor = listing.next_cursor;
        } while (!cursor.empty());
        co_return all;
    }

    void lists_are_whole_at_any_page() {
        std::set<std::string> made;
        for (int i = 0; i < 7; ++i) made.insert(put("blob " + std::to_string(i)));
        for (std::size_t const page : {1U, 2U, 3U, 100U}) {
            auto const seen = run(keys(page));
            CHECK(std::set(seen.begin(), seen.end()) == made);
            CHECK(seen.size() == made.size());
        }
        for (std::string const& key : made) run(store_.remove(key));
        CHECK(run(keys(100)).empty());
    }

    void a_large_blob_comes_back() {
        std::string const text = content(2 * store_.block_bytes() + 12'345);
        blobs::Staged staged = run(store_.begin(new_id()));
        for (std::size_t at = 0; at < text.size(); at += store_.block_bytes()) {
            std::string part = text.substr(at, store_.block_bytes());
            run(store_.append(staged, bytes(std::move(part))));
            run(store_.sync(staged));
            CHECK(run(store_.resume(staged)));
        }
        std::string const key = run(store_.finish(staged, hash(text)));
        CHECK(run(read_all(key, 0, text.size())) == text);
        run(store_.remove(key));
    }

    asio::io_context& io_;
    blobs::Store& store_;
    std::filesystem::path folder_;
};

}  // namespace showrunner::test
