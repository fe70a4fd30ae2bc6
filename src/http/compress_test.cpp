#include "http/compress.hpp"

#include "http/test_server.hpp"

#include <zlib.h>

namespace showrunner::http::testing {

namespace {

std::string gunzip(std::string const& packed) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    std::string out(1 << 20, '\0');
    std::string in = packed;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

}  // namespace

TEST_CASE("compress: Accept-Encoding is weighed") {
    CHECK(quality_of("gzip", "gzip") == 1000);
    CHECK(quality_of("GZIP;Q=0.5, br", "gzip") == 500);
    CHECK(quality_of("br , gzip ; q=0.25", "gzip") == 250);
    CHECK(quality_of("gzip;q=0", "gzip") == 0);
    CHECK(quality_of("*;q=0.1", "gzip") == 100);
    CHECK(quality_of("gzip;q=0, *", "gzip") == 0);
    CHECK(quality_of("", "gzip") == 0);
    CHECK(quality_of("", "identity") == 1);
    CHECK(quality_of("br, identity;q=0", "identity") == 0);
    CHECK(quality_of("gzip;q=junk", "gzip") == 0);
    CHECK(quality_of("gzip;q=1.0000", "gzip") == 0);
    CHECK(quality_of("gzip;q=1.5", "gzip") == 1000);
    CHECK(quality_of(",,;;=,", "gzip") == 0);
}

TEST_CASE("compress: the state serves one body after the other") {
    Compressor compressor;
    for (std::string const& text : {std::string{}, std::string{"a"}, std::string(70'000, 'b')}) {
        CHECK(gunzip(compressor.gzip(text)) == text);
    }
}

TEST_CASE("compress: Vary is extended, never repeated") {
    Headers headers;
    vary_on(headers, "Accept-Encoding");
    vary_on(headers, "accept-encoding");
    CHECK(headers.get("Vary") == "Accept-Encoding");
    headers.set("Vary", "Origin");
    vary_on(headers, "Accept-Encoding");
    CHECK(headers.get("Vary") == "Origin, Accept-Encoding");
    headers.set("Vary", "*");
    vary_on(headers, "Accept-Encoding");
    CHECK(headers.get("Vary") == "*");
}

TEST_CASE("compress: answers are gzipped for those who ask, and their ETag stays") {
    TestServer server;
    Client client = server.connect();
    Reply const packed = client.get("/json", "Accept-Encoding: br, gzip\r\n");
    CHECK(packed.header("Content-Encoding") == "gzip");
    CHECK(packed.header("Vary") == "Origin, Accept-Encoding");
    CHECK(packed.header("ETag") == "\"7\"");
    CHECK(packed.body.size() < 200);
    CHECK(gunzip(packed.body) == '"' + std::string(5000, 'j') + '"');

    Reply const plain = client.get("/json");
    CHECK(plain.header("Content-Encoding").empty());
    CHECK(plain.header("Vary") == "Origin, Accept-Encoding");
    CHECK(plain.body.size() == 5002);
    Reply const preferred = client.get("/json", "Accept-Encoding: gzip;q=0.5, identity\r\n");
    CHECK(preferred.header("Content-Encoding").empty());

    client.send("HEAD /json HTTP/1.1\r\nHost: t\r\nAccept-Encoding: gzip\r\n\r\n");
    Reply const head = client.read(Verb::head);
    CHECK(head.header("Content-Length") == std::to_string(packed.body.size()));
}

TEST_CASE("compress: what is small, packed or not text stays as it is") {
    Compressor compressor;
    auto const untouched = [&](Response response) {
        std::string const before = response.body;
        compressor.apply(response, "gzip", 1024);
        return response.body == before && !response.headers.has("Vary");
    };
    std::string const body(5000, 'x');
    CHECK(untouched(Response::text(200, "short")));
    CHECK(untouched(Response::text(200, body, "image/png")));
    CHECK(untouched(Response::text(200, body, "text/event-stream")));
    CHECK(untouched(Response::text(200, std::string(Compressor::bytes_max + 1, 'x'))));
    Response packed = Response::text(200, body);
    packed.headers.set("Content-Encoding", "br");
    CHECK(untouched(packed));
    Response part = Response::text(206, body);
    part.headers.set("Content-Range", "bytes 0-4999/9000");
    CHECK(untouched(part));
    Response fixed = Response::text(200, body);
    fixed.compressible = false;
    CHECK(untouched(fixed));
    CHECK_FALSE(untouched(Response::text(200, body, "application/problem+json")));
    CHECK_FALSE(untouched(Response::text(200, body, "image/svg+xml")));
}

}  // namespace showrunner::http::testing
