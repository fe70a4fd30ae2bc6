#include "http/message.hpp"

#include "http/encode.hpp"
#include "http/target.hpp"

#include <doctest/doctest.h>

namespace showrunner::http {

TEST_CASE("message: headers compare without case and keep their order") {
    Headers headers;
    headers.add("Set-Cookie", "a");
    headers.add("X-Other", "o");
    headers.add("set-cookie", "b");
    CHECK(headers.get("SET-COOKIE") == "a");
    CHECK(headers.has("x-other"));
    CHECK_FALSE(headers.has("x-othe"));
    headers.set("Set-Cookie", "c");
    CHECK(headers.get("set-cookie") == "c");
    CHECK(std::distance(headers.begin(), headers.end()) == 2);
}

TEST_CASE("message: percent decoding") {
    CHECK(percent_decode("a%20b+c", true) == "a b c");
    CHECK(percent_decode("a%20b+c", false) == "a b+c");
    CHECK(percent_decode("%C3%bc", false) == "\xc3\xbc");
    CHECK(percent_decode("", false) == "");
    CHECK_FALSE(percent_decode("%", false));
    CHECK_FALSE(percent_decode("%4", false));
    CHECK_FALSE(percent_decode("%4g", false));
    CHECK_FALSE(percent_decode("%00", false));
}

TEST_CASE("message: cookies") {
    Request request;
    request.headers.add("Cookie", "a=1; session=x=y;empty=; junk");
    request.headers.add("cookie", "late=2");
    CHECK(request.cookie("a") == "1");
    CHECK(request.cookie("session") == "x=y");
    CHECK(request.cookie("empty").empty());
    CHECK(request.cookie("late") == "2");
    CHECK(request.cookie("junk").empty());
    CHECK(request.cookie("sess").empty());
}

TEST_CASE("message: targets") {
    auto const parsed = [](std::string target, Verb method = Verb::get) {
        Request request;
        request.method = method;
        request.target = std::move(target);
        bool const good = parse_target(request);
        return std::pair{good, request};
    };
    auto const [good, request] = parsed("/a%20b/c?x=1&&y&z=a+b%26&x=2");
    CHECK(good);
    CHECK(request.path == "/a b/c");
    REQUIRE(request.query.size() == 4);
    CHECK(request.query_value("x") == "1");
    CHECK(request.query_value("y") == "");
    CHECK(request.query_value("z") == "a b&");
    CHECK(request.query[3].second == "2");
    CHECK_FALSE(request.query_value("w"));
    CHECK(parsed("/?").first);
    CHECK(parsed("http://h").second.path == "/");
    CHECK(parsed("http://h?x=1").second.query_value("x") == "1");
    CHECK(parsed("*", Verb::options).first);
    CHECK_FALSE(parsed("*").first);
    CHECK_FALSE(parsed("").first);
}

TEST_CASE("message: dates as HTTP writes them") {
    CHECK(
        http_date(Time{std::chrono::milliseconds{784'111'777'999}}) ==
        "Sun, 06 Nov 1994 08:49:37 GMT"
    );
    CHECK(http_date(Time{}) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("message: the head of a response") {
    Response response = Response::json(201, "{}");
    response.headers.set("connection", "upgrade");
    response.headers.set("DATE", "never");
    std::string head;
    append_head(head, response, {"today", "r1", Persistence::close, Verb::post});
    CHECK(
        head ==
        "HTTP/1.1 201 Created\r\nDate: today\r\nContent-Length: 2\r\nConnection: close\r\n"
        "X-Request-Id: r1\r\nContent-Type: application/json\r\n\r\n"
    );
    head.clear();
    Response of_head = Response::empty(200);
    of_head.headers.set("Content-Length", "123");
    append_head(head, of_head, {"today", "r1", Persistence::keep_alive, Verb::head});
    CHECK(head.find("Content-Length: 123\r\n") != std::string::npos);
    head.clear();
    append_head(head, of_head, {"today", "r1", Persistence::keep_alive, Verb::get});
    CHECK(head.find("Content-Length: 0\r\n") != std::string::npos);
    CHECK(sends_body(200, Verb::get));
    CHECK_FALSE(sends_body(200, Verb::head));
    CHECK_FALSE(sends_body(304, Verb::get));
}

}  // namespace showrunner::http
