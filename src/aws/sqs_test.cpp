#include "aws/sqs.hpp"

#include "aws/sqs_wire.hpp"
#include "support/http_peer.hpp"

#include <doctest/doctest.h>

namespace showrunner::aws {

namespace {

using client::testing::answer;
using std::chrono::milliseconds;

/// An SQS whose answers are a script.
struct Scripted {
    explicit Scripted(
        std::vector<std::string> script, milliseconds deadline = milliseconds{5'000}
    ) {
        peer.tally->script = std::move(script);
        options.endpoint = peer.url("");
        options.region = "eu-west-1";
        options.credentials = {"AKID", "secret", "token"};
        options.timeout = milliseconds{2'000};
        options.deadline = deadline;
        options.attempts_max = 4;
        options.backoff_min = milliseconds{1};
        options.backoff_max = milliseconds{4};
    }

    template <typename T>
    T run(Task<T> task) {
        return test::run(peer.io, std::move(task));
    }

    /// The token of the error that the task throws.
    template <typename T>
    std::string fail(Task<T> task) {
        try {
            test::run(peer.io, std::move(task));
        } catch (Error const& error) {
            return error.token;
        }
        return {};
    }

    [[nodiscard]] unsigned asked() const { return peer.tally->requests; }

    client::testing::Stage peer;
    SystemClock clock;
    SqsOptions options;

    Sqs& sqs() {
        if (!sqs_) sqs_.emplace(peer.http, clock, peer.registry, options);
        return *sqs_;
    }

private:
    std::optional<Sqs> sqs_;
};

std::string refused(unsigned status, std::string_view type) {
    return answer(
        status, fmt::format(R"({{"__type":"com.amazonaws.sqs#{}","message":"no"}})", type)
    );
}

std::string const url_answer = answer(200, R"({"QueueUrl":"http://sqs/1/jobs"})");

}  // namespace

TEST_CASE("sqs: a call is signed and says what it is") {
    Scripted on{{url_answer}};
    CHECK(
        on.run(on.sqs().create_queue("jobs", {{"VisibilityTimeout", "30"}})) == "http://sqs/1/jobs"
    );
    std::string const& sent = on.peer.tally->last;
    CHECK(sent.starts_with("POST / HTTP/1.1\r\n"));
    CHECK(sent.find("\r\nX-Amz-Target: AmazonSQS.CreateQueue\r\n") != std::string::npos);
    CHECK(sent.find("\r\nContent-Type: application/x-amz-json-1.0\r\n") != std::string::npos);
    CHECK(sent.find("\r\nX-Amz-Security-Token: token\r\n") != std::string::npos);
    CHECK(
        sent.find("/eu-west-1/sqs/aws4_request, SignedHeaders=content-type;host;x-amz-date;"
                  "x-amz-security-token;x-amz-target, Signature=") != std::string::npos
    );
    CHECK(sent.ends_with(R"({"QueueName":"jobs","Attributes":{"VisibilityTimeout":"30"}})"));
}

TEST_CASE("sqs: throttling, failures and broken connections are tried again") {
    Scripted on{{
        refused(400, "ThrottlingException"),
        answer(503, "<html>"),
        "HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\n",
        url_answer,
    }};
    on.options.timeout = milliseconds{100};  // The third answer never ends.
    CHECK(on.run(on.sqs().get_queue_url("jobs")) == "http://sqs/1/jobs");
    CHECK(on.asked() == 4);
    CHECK(on.peer.registry.counter(sqs_retries_spec, "GetQueueUrl").value() == 3);
}

TEST_CASE("sqs: but not for ever") {
    Scripted on{std::vector<std::string>(10, answer(500, ""))};
    CHECK(on.fail(on.sqs().depth("q")) == "SQS_FAILED");
    CHECK(on.asked() == 4);

    Scripted late{std::vector<std::string>(10, refused(429, "x")), milliseconds{100}};
    late.options.backoff_min = late.options.backoff_max = milliseconds{1'000};
    CHECK(late.fail(late.sqs().depth("q")) == "SQS_THROTTLED");
    CHECK(late.asked() == 1);

    Scripted gone{{}};
    gone.peer.acceptor->close();
    CHECK(gone.fail(gone.sqs().depth("q")) == "CONNECT_FAILED");
}

TEST_CASE("sqs: what trying again does not help is said at once") {
    struct Case {
        unsigned status;
        char const* type;
        char const* token;
    };

    for (Case const& each : {
             Case{400, "QueueDoesNotExist", "QUEUE_NOT_FOUND"},
             Case{400, "QueueNameExists", "QUEUE_EXISTS"},
             Case{403, "SignatureDoesNotMatch", "SQS_DENIED"},
             Case{400, "InvalidAttributeName", "SQS_REFUSED"},
             Case{302, "", "SQS_REFUSED"},
         }) {
        Scripted on{{refused(each.status, each.type)}};
        CHECK(on.fail(on.sqs().create_queue("jobs")) == each.token);
        CHECK(on.asked() == 1);
    }
    Scripted none{{refused(400, "QueueDoesNotExist")}};
    CHECK(none.run(none.sqs().get_queue_url("jobs")) == std::nullopt);
    Scripted nonsense{std::vector<std::string>(10, answer(200, "[1]"))};
    CHECK(nonsense.fail(nonsense.sqs().depth("q")) == "SQS_FAILED");
}

TEST_CASE("sqs: each entry of a batch has its own result, in the order of the entries") {
    Scripted on{{answer(
        200,
        R"({"Successful":[{"Id":"2","MessageId":"m2"},{"Id":"0","MessageId":"m0"},{"Id":"9"},{"Id":7},3],)"
        R"("Failed":[{"Id":"1","Code":"InvalidMessageContents","SenderFault":true},{"Id":"x"}]})"
    )}};
    std::vector<OutgoingMessage> messages(4);
    messages[1] = {
        .body = "two", .delay = std::chrono::minutes{1}, .attributes = {{"kind", "job"}}
    };
    auto const results = on.run(on.sqs().send_batch("q", messages));
    REQUIRE(results.size() == 4);
    CHECK(results[0].message_id == "m0");
    CHECK(results[1].failure == "InvalidMessageContents");
    CHECK(results[1].sender_fault);
    CHECK(results[2].ok());
    CHECK(results[3].failure == "Unanswered");
    CHECK(
        on.peer.tally->last.find(
            R"({"Id":"1","MessageBody":"two","DelaySeconds":60,"MessageAttributes":)"
            R"({"kind":{"DataType":"String","StringValue":"job"}}})"
        ) != std::string::npos
    );

    CHECK(on.run(on.sqs().send_batch("q", {})).empty());
    CHECK(on.run(on.sqs().delete_batch("q", {})).empty());
    CHECK(on.run(on.sqs().change_visibility_batch("q", {})).empty());
    CHECK(on.asked() == 1);
    CHECK_THROWS_AS(
        on.run(on.sqs().delete_batch("q", std::vector<std::string>(11))), std::logic_error
    );
}

TEST_CASE("sqs: answers of another shape are not believed") {
    auto const read = [](std::string_view text) {
        client::Response response;
        response.status = 200;
        response.body = text;
        sqs_wire::Verdict verdict = sqs_wire::judge(response);
        return std::get<boost::json::object>(std::move(verdict.answer));
    };
    CHECK(sqs_wire::messages_of(read("")).empty());
    CHECK(sqs_wire::messages_of(read(R"({"Messages":null})")).empty());
    CHECK(sqs_wire::messages_of(read(R"({"Messages":[1,[],{}]})")).size() == 1);
    auto const messages = sqs_wire::messages_of(read(
        R"({"Messages":[{"MessageId":"m","Body":"b","ReceiptHandle":"r","Attributes":{"ApproximateReceiveCount":"3"},)"
        R"("MessageAttributes":{"kind":{"StringValue":"job"},"odd":1}}]})"
    ));
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].receive_count == 3);
    CHECK(messages[0].attributes == Attributes{{"kind", "job"}});
    CHECK(
        sqs_wire::depth_of(read(R"({"Attributes":{"ApproximateNumberOfMessages":"x"}})")).visible ==
        0
    );
    CHECK(sqs_wire::entries_of(read(R"({"Successful":{}})"), 1)[0].failure == "Unanswered");
}

TEST_CASE("sqs: a long poll can be cancelled") {
    Scripted on{{"HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\n"}};
    auto signal = std::make_shared<asio::cancellation_signal>();
    bool left = false;
    auto poll = [](Sqs& sqs, bool& out) -> Task<> {
        struct Leave {
            bool& left;

            ~Leave() { left = true; }
        } const leave{out};

        co_await sqs.receive("q");
    };
    spawn(on.peer.io.get_executor(), signal, "poll", poll(on.sqs(), left));
    REQUIRE(test::run_until(on.peer.io, [&] { return on.asked() == 1; }));
    signal->emit(asio::cancellation_type::terminal);
    REQUIRE(test::run_until(on.peer.io, [&] { return left; }));
    REQUIRE(test::run_until(on.peer.io, [&] { return on.peer.tally->closed == 1; }));
    CHECK(on.asked() == 1);
}

}  // namespace showrunner::aws
