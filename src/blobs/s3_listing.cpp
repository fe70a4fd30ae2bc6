// S3Store's part of reconciliation.
#include "base/id.hpp"
#include "blobs/s3_store.hpp"

#include <algorithm>

namespace showrunner::blobs {

namespace {

/// Cursors of list_staged(): first the objects of uploads, then S3's own uploads.
constexpr std::string_view uploads_cursor = "uploads:";

}  // namespace

Task<Listing> S3Store::list(std::string cursor, std::size_t limit) {
    std::string const folder = prefix_ + "blobs/";
    std::string after = cursor.empty() ? std::string{} : folder + cursor;
    aws::S3Listing const found = co_await s3_.list(folder, std::move(after), limit);
    Listing listing;
    for (aws::S3Object const& object : found.objects) {
        std::string key = object.key.substr(folder.size());
        if (is_id(key)) listing.items.push_back({std::move(key), object.bytes, object.modified});
    }
    bool const more = found.more && !found.objects.empty();
    if (more) listing.next_cursor = found.objects.back().key.substr(folder.size());
    co_return listing;
}

Task<Listing> S3Store::list_staged(std::string cursor, std::size_t limit) {
    if (cursor.starts_with(uploads_cursor)) {
        Listing listing =
            co_await list_multipart_uploads(cursor.substr(uploads_cursor.size()), limit);
        co_return listing;
    }
    Listing listing = co_await list_objects_of_uploads(std::move(cursor), limit);
    if (listing.next_cursor.empty()) listing.next_cursor = uploads_cursor;
    co_return listing;
}

Task<Listing> S3Store::list_objects_of_uploads(std::string after, std::size_t limit) {
    std::string const folder = prefix_ + "staged/";
    if (!after.empty()) after = folder + after;
    aws::S3Listing const found = co_await s3_.list(folder, std::move(after), limit);
    Listing listing;
    std::string last;
    for (aws::S3Object const& object : found.objects) {
        std::string_view const name = std::string_view{object.key}.substr(folder.size());
        std::string id{name.substr(0, name.find('/'))};
        last = id;
        if (!is_id(id)) continue;
        if (listing.items.empty() || listing.items.back().key != id) {
            listing.items.push_back({std::move(id), 0, object.modified});
        }
        Item& item = listing.items.back();
        item.bytes += object.bytes;
        item.modified = std::max(item.modified, object.modified);
    }
    // What follows of the last one is skipped: `~` is behind all names in its folder.
    if (found.more && !last.empty()) listing.next_cursor = last + "/~";
    co_return listing;
}

Task<Listing> S3Store::list_multipart_uploads(std::string cursor, std::size_t limit) {
    std::string const folder = prefix_ + "blobs/";
    std::size_t const cut = std::min(cursor.find('/'), cursor.size());
    std::string key_after = cursor.empty() ? std::string{} : folder + cursor.substr(0, cut);
    std::string id_after = cut < cursor.size() ? cursor.substr(cut + 1) : std::string{};
    aws::S3Uploads const found =
        co_await s3_.list_uploads(folder, std::move(key_after), std::move(id_after), limit);
    Listing listing;
    std::string next;
    for (aws::S3Upload const& upload : found.uploads) {
        std::string key = upload.key.substr(folder.size());
        next = std::string{uploads_cursor} + key + '/' + upload.id;
        if (is_id(key)) listing.items.push_back({std::move(key), 0, upload.initiated});
    }
    if (found.more) listing.next_cursor = std::move(next);
    co_return listing;
}

Task<> S3Store::abort_stray(Item const& staged) {
    co_await clear(staged.key);
}

}  // namespace showrunner::blobs
