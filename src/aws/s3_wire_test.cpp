#include "aws/s3_wire.hpp"

#include "base/id.hpp"

#include <doctest/doctest.h>

namespace showrunner::aws::s3_wire {

namespace {

S3Options options(BucketStyle style) {
    S3Options options;
    options.endpoint = "https://s3.example.com:8443";
    options.bucket = "episodes";
    options.style = style;
    return options;
}

client::Response response(unsigned status, std::string body) {
    client::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

template <typename Read>
std::string token_of(Read read) {
    try {
        read();
    } catch (Error const& error) {
        return error.token;
    }
    return "";
}

}  // namespace

TEST_CASE("s3: a bucket is a folder of the host, or a host of its own") {
    CHECK(
        url_of(options(BucketStyle::path), "a/b c") ==
        "https://s3.example.com:8443/episodes/a/b%20c"
    );
    CHECK(url_of(options(BucketStyle::path), "") == "https://s3.example.com:8443/episodes");
    CHECK(
        url_of(options(BucketStyle::virtual_host), "a/\u00e9+") ==
        "https://episodes.s3.example.com:8443/a/%C3%A9%2B"
    );
    CHECK(
        url_of(options(BucketStyle::virtual_host), "") == "https://episodes.s3.example.com:8443/"
    );
    CHECK(copy_source(options(BucketStyle::path), "a b") == "/episodes/a%20b");
}

TEST_CASE("s3: hashes are hex here and base64 there") {
    std::string const hex = sha256_hex("");
    CHECK(base64_of_hex(hex) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    CHECK(hex_of_base64(base64_of_hex(hex)) == hex);
    for (char const* bad : {"", "x", "abcd", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=x"}) {
        INFO(bad);
        CHECK(base64_of_hex(bad).empty());
        CHECK(hex_of_base64(bad).empty());
    }
    // Of a multipart upload, S3 tells a hash of hashes, which says nothing of the content.
    CHECK(hex_of_base64("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-3").empty());
}

TEST_CASE("s3: lists are read") {
    S3Listing const listing = listing_of(R"(<?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>episodes</Name>
        <IsTruncated>true</IsTruncated>
        <Contents><Key>a &amp; b</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>
        <ETag>&quot;abc&quot;</ETag><Size>5368709120</Size></Contents></ListBucketResult>)");
    REQUIRE(listing.objects.size() == 1);
    CHECK(listing.more);
    CHECK(listing.objects[0].key == "a & b");
    CHECK(listing.objects[0].etag == "\"abc\"");
    CHECK(listing.objects[0].bytes == 5'368'709'120);
    CHECK(to_rfc3339(listing.objects[0].modified).starts_with("2026-01-02T03:04:05"));

    CHECK(
        upload_id_of("<InitiateMultipartUploadResult><UploadId>x y</UploadId>"
                     "</InitiateMultipartUploadResult>") == "x y"
    );
    PartsPage const page = parts_of(
        "<ListPartsResult><Part><PartNumber>2</PartNumber><Size>7</Size><ETag>e</ETag></Part>"
        "<IsTruncated>false</IsTruncated></ListPartsResult>"
    );
    REQUIRE(page.parts.size() == 1);
    CHECK(page.parts[0].number == 2);
    CHECK(page.parts[0].bytes == 7);
    CHECK_FALSE(page.more);
    S3Uploads const uploads = uploads_of(
        "<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>u</UploadId>"
        "<Initiated>2026-01-02T03:04:05Z</Initiated></Upload></ListMultipartUploadsResult>"
    );
    REQUIRE(uploads.uploads.size() == 1);
    CHECK(uploads.uploads[0].id == "u");
}

TEST_CASE("s3: what makes no sense is refused, and what is hostile does no harm") {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    std::string const bomb =
        "<!DOCTYPE r [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY f SYSTEM \"file:///etc/passwd\">]>"
        "<InitiateMultipartUploadResult><UploadId>&b;&f;</UploadId>"
        "</InitiateMultipartUploadResult>";
    CHECK(upload_id_of(bomb) == "&b;&f;");  // As it is written: nothing is looked up.
    for (std::string const& bad :
         {std::string{},
          std::string{"no xml"},
          std::string{"<ListBucketResult>"},
          std::string{"<Other/>"},
          std::string{"<ListBucketResult><Contents><Key/></Contents></ListBucketResult>"},
          std::string{"<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents>"
                      "</ListBucketResult>"},
          std::string{"<ListBucketResult><Contents><Key>k</Key><Size>99999999999999999999</Size>"
                      "</Contents></ListBucketResult>"},
          std::string{"<ListBucketResult><Contents><Key>k</Key><Size>1</Size>"
                      "<LastModified>soon</LastModified></Contents></ListBucketResult>"},
          deep}) {
        INFO(bad.substr(0, 100));
        CHECK(token_of([&] { static_cast<void>(listing_of(bad)); }) == "S3_FAILED");
        CHECK(token_of([&] { static_cast<void>(parts_of(bad)); }) == "S3_FAILED");
        CHECK(token_of([&] { static_cast<void>(upload_id_of(bad)); }) == "S3_FAILED");
        CHECK(refusal_of(400, bad).error.token == "S3_REFUSED");
    }
}

TEST_CASE("s3: refusals mean something") {
    auto const refusal = [](unsigned status, std::string const& code) {
        return refusal_of(status, "<Error><Code>" + code + "</Code></Error>");
    };
    CHECK(refusal(404, "NoSuchKey").error.code == Code::not_found);
    CHECK(refusal(404, "NoSuchUpload").error.token == "S3_NO_UPLOAD");
    CHECK(refusal(404, "NoSuchBucket").error.code == Code::internal);
    CHECK(refusal(412, "PreconditionFailed").error.code == Code::conflict);
    CHECK(refusal(403, "SignatureDoesNotMatch").error.token == "S3_DENIED");
    CHECK_FALSE(refusal(403, "SignatureDoesNotMatch").again);
    CHECK(refusal(503, "SlowDown").error.token == "S3_THROTTLED");
    CHECK(refusal(503, "SlowDown").again);
    CHECK(refusal(500, "InternalError").again);
    CHECK(refusal(400, "BadDigest").again);
    CHECK(refusal(400, "RequestTimeout").again);
    CHECK(refusal(507, "XMinioStorageFull").error.code == Code::no_space);
    CHECK(refusal_of(507, "").error.code == Code::no_space);
    CHECK(refusal_of(404, "").error.code == Code::not_found);
    CHECK(refusal_of(502, "<html>").again);
    CHECK(
        refusal(400, "EntityTooSmall").error.what() ==
        std::string{"S3 refused the call: EntityTooSmall"}
    );
    // Only what looks like one of S3's names is repeated.
    CHECK(refusal(400, "a b").error.what() == std::string{"S3 refused the call: 400"});

    CHECK_FALSE(refusal_of(response(200, "")));
    CHECK_FALSE(refusal_of(response(200, "<CompleteMultipartUploadResult/>")));
    auto const late = refusal_of(
        response(200, "  \n<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>")
    );
    REQUIRE(late);
    CHECK(late->again);
    CHECK(refusal_of(Error{Code::unavailable, "CONNECT_FAILED", ""}).again);
    CHECK_FALSE(refusal_of(Error{Code::unavailable, "TLS_FAILED", ""}).again);
}

TEST_CASE("s3: a list of parts is written as it is read") {
    CHECK(
        complete_upload(std::vector<S3Part>{{.number = 1, .bytes = 5, .etag = "\"a&b\""}}) ==
        "<?xml version=\"1.0\"?><CompleteMultipartUpload "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part>"
        "<PartNumber>1</PartNumber><ETag>\"a&amp;b\"</ETag></Part></CompleteMultipartUpload>"
    );
}

}  // namespace showrunner::aws::s3_wire
