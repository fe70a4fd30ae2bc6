// Against a server that speaks SQS: SHOWRUNNER_TEST_SQS is its endpoint,
// SHOWRUNNER_TEST_SQS_CONTROL a URL that takes it away and brings it back.
// tests/e2e/sqs_client.test.mjs starts both.
#include "aws/sqs.hpp"
#include "base/id.hpp"
#include "support/run.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

namespace showrunner::aws {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

struct Live {
    template <typename T>
    T run(Task<T> task) {
        return test::run(io, std::move(task));
    }

    static SqsOptions options() {
        SqsOptions options;
        options.endpoint = variable("SHOWRUNNER_TEST_SQS").value_or("");
        options.region = "us-east-1";
        options.credentials = {"AKIDEXAMPLE", "secret", ""};
        return options;
    }

    std::string queue(Attributes attributes = {}) {
        return run(sqs.create_queue("test-" + random_token(9), std::move(attributes)));
    }

    std::vector<ReceivedMessage> receive(std::string const& queue_url, ReceiveOptions how) {
        return run(sqs.receive(queue_url, how));
    }

    void send(std::string const& queue_url, std::vector<OutgoingMessage> messages) {
        for (EntryResult const& each : run(sqs.send_batch(queue_url, std::move(messages)))) {
            CHECK(each.ok());
            CHECK_FALSE(each.message_id.empty());
        }
    }

    void control(std::string const& command) {
        client::Request request;
        request.url = variable("SHOWRUNNER_TEST_SQS_CONTROL").value() + command;
        request.allow = client::is_any;
        client::Response const response = run(http.send(request));
        REQUIRE(response.status == 200);
    }

    metrics::Registry registry;
    asio::io_context io{1};
    SystemClock clock;
    client::Http http{io.get_executor(), registry};
    Sqs sqs{http, clock, registry, options()};
};

/// Says so when there is no server to test against.
bool is_live() {
    if (variable("SHOWRUNNER_TEST_SQS")) return true;
    MESSAGE("not run: SHOWRUNNER_TEST_SQS names no server");
    return false;
}

constexpr ReceiveOptions at_once{.max = 10, .wait = seconds{0}, .visibility = seconds{30}};

}  // namespace

TEST_CASE("sqs live: queues are made once and found by name") {
    if (!is_live()) return;
    Live live;
    std::string const name = "jobs-" + random_token(9);
    CHECK(live.run(live.sqs.get_queue_url(name)) == std::nullopt);
    std::string const url = live.run(live.sqs.create_queue(name, {{"VisibilityTimeout", "60"}}));
    CHECK(url.find(name) != std::string::npos);
    CHECK(live.run(live.sqs.create_queue(name, {{"VisibilityTimeout", "60"}})) == url);
    CHECK(live.run(live.sqs.get_queue_url(name)) == url);
    std::string token;
    try {
        live.receive(url + "-not", at_once);
    } catch (Error const& error) {
        token = error.token;
    }
    CHECK(token == "QUEUE_NOT_FOUND");
}

TEST_CASE("sqs live: ten messages there and back, with what they carry") {
    if (!is_live()) return;
    Live live;
    std::string const url = live.queue();
    std::vector<OutgoingMessage> messages;
    messages.reserve(10);
    for (int i = 0; i < 10; ++i) {
        messages.push_back(
            {.body = fmt::format("{{\"n\":{},\"text\":\"\u00e9 \\\"q\\\"\"}}", i),
             .delay = {},
             .attributes = {{"kind", fmt::format("job {}", i)}}}
        );
    }
    live.send(url, messages);
    CHECK(live.run(live.sqs.depth(url)).visible == 10);
    CHECK(live.run(live.sqs.arn(url)).starts_with("arn:aws:sqs:"));

    auto const received = live.receive(url, at_once);
    REQUIRE(received.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) {
        CHECK(received[i].body == messages[i].body);
        CHECK(received[i].attributes == messages[i].attributes);
        CHECK(received[i].receive_count == 1);
    }
    QueueDepth const busy = live.run(live.sqs.depth(url));
    CHECK(busy.visible == 0);
    CHECK(busy.in_flight == 10);
    std::vector<std::string> handles;
    handles.reserve(received.size());
    for (auto const& message : received) handles.push_back(message.receipt_handle);
    for (EntryResult const& each : live.run(live.sqs.delete_batch(url, handles))) CHECK(each.ok());
    CHECK(live.run(live.sqs.depth(url)).in_flight == 0);
}

TEST_CASE("sqs live: what is not deleted comes again, and the old handle is stale") {
    if (!is_live()) return;
    Live live;
    std::string const url = live.queue();
    live.send(url, {{.body = "job", .delay = {}, .attributes = {}}});
    auto const first = live.receive(url, {.max = 10, .wait = seconds{0}, .visibility = seconds{1}});
    REQUIRE(first.size() == 1);
    CHECK(live.receive(url, at_once).empty());
    auto const second =
        live.receive(url, {.max = 10, .wait = seconds{5}, .visibility = seconds{30}});
    REQUIRE(second.size() == 1);
    CHECK(second[0].message_id == first[0].message_id);
    CHECK(second[0].receipt_handle != first[0].receipt_handle);
    CHECK(second[0].receive_count == 2);

    std::string const& stale = first[0].receipt_handle;
    auto const changed = live.run(live.sqs.change_visibility_batch(
        url, {{stale, seconds{60}}, {second[0].receipt_handle, seconds{60}}}
    ));
    CHECK(changed[0].failure == "ReceiptHandleIsInvalid");
    CHECK(changed[0].sender_fault);
    CHECK(changed[1].ok());
    CHECK(live.run(live.sqs.delete_batch(url, {stale}))[0].ok());
    CHECK(live.run(live.sqs.depth(url)).in_flight == 1);  // It deleted nothing.
}

TEST_CASE("sqs live: a message that is given back is there at once") {
    if (!is_live()) return;
    Live live;
    std::string const url = live.queue();
    live.send(url, {{.body = "job", .delay = {}, .attributes = {}}});
    auto const first = live.receive(url, at_once);
    REQUIRE(first.size() == 1);
    auto const given =
        live.run(live.sqs.change_visibility_batch(url, {{first[0].receipt_handle, seconds{0}}}));
    CHECK(given[0].ok());
    CHECK(live.receive(url, at_once).size() == 1);
}

TEST_CASE("sqs live: a delayed message comes later") {
    if (!is_live()) return;
    Live live;
    std::string const url = live.queue();
    auto const sent = steady_clock::now();
    live.send(url, {{.body = "later", .delay = seconds{1}, .attributes = {}}});
    CHECK(live.receive(url, at_once).empty());
    CHECK(live.run(live.sqs.depth(url)).delayed == 1);
    auto const received =
        live.receive(url, {.max = 1, .wait = seconds{10}, .visibility = seconds{30}});
    REQUIRE(received.size() == 1);
    CHECK(steady_clock::now() - sent >= milliseconds{900});
    CHECK(steady_clock::now() - sent < seconds{8});
}

TEST_CASE("sqs live: a long poll ends when a message comes, or when its time is up") {
    if (!is_live()) return;
    Live live;
    std::string const url = live.queue();
    auto const began = steady_clock::now();
    CHECK(live.receive(url, {.max = 1, .wait = seconds{1}, .visibility = seconds{30}}).empty());
    CHECK(steady_clock::now() - began >= milliseconds{900});

    auto later = [](Live& on, std::string queue_url) -> Task<> {
        co_await sleep_for(milliseconds{200});
        std::vector<OutgoingMessage> messages(1);
        messages[0].body = "now";
        co_await on.sqs.send_batch(std::move(queue_url), std::move(messages));
    };
    spawn(live.io.get_executor(), "later", later(live, url));
    auto const waiting = steady_clock::now();
    auto const received =
        live.receive(url, {.max = 1, .wait = seconds{20}, .visibility = seconds{30}});
    REQUIRE(received.size() == 1);
    CHECK(steady_clock::now() - waiting < seconds{10});
}

TEST_CASE("sqs live: one bad entry does not take the others with it") {
    if (!is_live()) return;
    Live live;
    std::string const url = live.queue();
    std::vector<OutgoingMessage> messages(3);
    messages[0].body = "good";
    messages[1].body = "bad \x01";
    messages[2].body = "good too";
    auto const results = live.run(live.sqs.send_batch(url, messages));
    CHECK(results[0].ok());
    CHECK(results[1].failure == "InvalidMessageContents");
    CHECK(results[1].sender_fault);
    CHECK(results[2].ok());
    CHECK(live.receive(url, at_once).size() == 2);
}

TEST_CASE("sqs live: a server that goes is waited for, and given up on") {
    if (!is_live()) return;
    Live live;
    std::string const url = live.queue();
    live.control("/stop");
    SqsOptions hasty = Live::options();
    hasty.deadline = milliseconds{300};
    Sqs impatient{live.http, live.clock, live.registry, hasty};
    std::string token;
    try {
        std::vector<OutgoingMessage> messages(1);
        messages[0].body = "lost";
        live.run(impatient.send_batch(url, messages));
    } catch (Error const& error) {
        token = error.token;
    }
    CHECK(token == "CONNECT_FAILED");

    live.control("/start-soon");
    live.send(url, {{.body = "found", .delay = {}, .attributes = {}}});
    auto const received = live.receive(url, at_once);
    REQUIRE(received.size() == 1);
    CHECK(received[0].body == "found");
    CHECK(live.registry.counter(sqs_retries_spec, "SendMessageBatch").value() > 1);
}

}  // namespace showrunner::aws
