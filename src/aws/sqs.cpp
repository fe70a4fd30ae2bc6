#include "aws/sqs.hpp"

#include "aws/sigv4.hpp"
#include "aws/sqs_wire.hpp"
#include "base/id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace showrunner::aws {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Ten messages of a full batch, escaped at their worst.
constexpr std::size_t answer_bytes_max = 8U << 20U;

void require_batch(std::size_t size) {
    if (size > sqs_batch_max) throw std::logic_error{"SQS takes ten entries at a time"};
}

/// Between half of `backoff` and all of it, so that nodes don't come back together.
milliseconds jittered(milliseconds backoff) {
    auto const half = static_cast<std::uint64_t>(backoff.count()) / 2;
    return backoff - milliseconds{random_below(half + 1)};
}

}  // namespace

Sqs::Sqs(client::Http& http, Clock const& clock, metrics::Registry& registry, SqsOptions options)
    : http_{http}, clock_{clock}, registry_{registry}, options_{std::move(options)} {
    registry_.declare(sqs_retries_spec);
}

client::Request Sqs::request_for(
    std::string_view action, std::string const& body, milliseconds timeout
) const {
    client::Request request;
    request.method = "POST";
    request.url = options_.endpoint + "/";
    request.headers = {
        {"Content-Type", "application/x-amz-json-1.0"},
        {"X-Amz-Target", fmt::format("AmazonSQS.{}", action)},
    };
    request.body = body;
    request.timeout = timeout;
    request.response_bytes_max = answer_bytes_max;
    request.allow = options_.allow;
    Scope const scope{.region = options_.region, .service = "sqs"};
    sign(request, options_.credentials, scope, clock_.now());
    return request;
}

Task<Sqs::Answer> Sqs::attempt(
    std::string_view action, std::string body, std::chrono::seconds wait
) {
    auto const deadline = steady_clock::now() + options_.deadline + wait;
    milliseconds backoff = options_.backoff_min;
    for (unsigned attempts = 1;; ++attempts) {
        auto const left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
        // Signed anew each time: a signature is good for minutes only.
        client::Request request =
            request_for(action, body, std::min<milliseconds>(options_.timeout + wait, left));
        auto const result = co_await http_.attempt(std::move(request));
        sqs_wire::Verdict verdict = sqs_wire::judge(result);
        milliseconds const pause = jittered(backoff);
        bool const enough =
            attempts >= options_.attempts_max || steady_clock::now() + pause >= deadline;
        if (!verdict.again || enough) co_return std::move(verdict.answer);
        registry_.counter(sqs_retries_spec, action).add();
        co_await sleep_for(pause);
        backoff = std::min(backoff * 2, options_.backoff_max);
    }
}

Task<boost::json::object> Sqs::call(
    std::string_view action, std::string body, std::chrono::seconds wait
) {
    Answer answer = co_await attempt(action, std::move(body), wait);
    if (Error const* const failure = std::get_if<Error>(&answer)) throw Error{*failure};
    co_return std::get<boost::json::object>(std::move(answer));
}

Task<std::string> Sqs::create_queue(std::string name, Attributes attributes) {
    boost::json::object const answer =
        co_await call("CreateQueue", sqs_wire::create_queue(name, attributes));
    co_return sqs_wire::text_of(answer, "QueueUrl");
}

Task<std::optional<std::string>> Sqs::get_queue_url(std::string name) {
    Answer const answer = co_await attempt("GetQueueUrl", sqs_wire::get_queue_url(name), {});
    if (Error const* const failure = std::get_if<Error>(&answer)) {
        if (failure->code == Code::not_found) co_return std::nullopt;
        throw Error{*failure};
    }
    co_return sqs_wire::text_of(std::get<boost::json::object>(answer), "QueueUrl");
}

Task<std::vector<EntryResult>> Sqs::send_batch(
    std::string queue_url, std::vector<OutgoingMessage> messages
) {
    require_batch(messages.size());
    if (messages.empty()) co_return std::vector<EntryResult>{};
    boost::json::object const answer =
        co_await call("SendMessageBatch", sqs_wire::send_batch(queue_url, messages));
    co_return sqs_wire::entries_of(answer, messages.size());
}

Task<std::vector<ReceivedMessage>> Sqs::receive(std::string queue_url, ReceiveOptions options) {
    require_batch(options.max);
    boost::json::object const answer =
        co_await call("ReceiveMessage", sqs_wire::receive(queue_url, options), options.wait);
    co_return sqs_wire::messages_of(answer);
}

Task<std::vector<EntryResult>> Sqs::delete_batch(
    std::string queue_url, std::vector<std::string> receipt_handles
) {
    require_batch(receipt_handles.size());
    if (receipt_handles.empty()) co_return std::vector<EntryResult>{};
    boost::json::object const answer =
        co_await call("DeleteMessageBatch", sqs_wire::delete_batch(queue_url, receipt_handles));
    co_return sqs_wire::entries_of(answer, receipt_handles.size());
}

Task<std::vector<EntryResult>> Sqs::change_visibility_batch(
    std::string queue_url, std::vector<VisibilityChange> changes
) {
    require_batch(changes.size());
    if (changes.empty()) co_return std::vector<EntryResult>{};
    boost::json::object const answer = co_await call(
        "ChangeMessageVisibilityBatch", sqs_wire::change_visibility_batch(queue_url, changes)
    );
    co_return sqs_wire::entries_of(answer, changes.size());
}

Task<QueueDepth> Sqs::depth(std::string queue_url) {
    boost::json::object const answer =
        co_await call("GetQueueAttributes", sqs_wire::depth(queue_url));
    co_return sqs_wire::depth_of(answer);
}

Task<std::string> Sqs::arn(std::string queue_url) {
    boost::json::object const answer =
        co_await call("GetQueueAttributes", sqs_wire::arn(queue_url));
    co_return sqs_wire::arn_of(answer);
}

}  // namespace showrunner::aws
