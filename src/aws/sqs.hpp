// Amazon SQS by its JSON protocol: only what a queue of work needs.
//
// Calls are tried again, with a jittered back-off and within a deadline, when SQS throttles, fails
// or cannot be reached. A call whose answer was lost is made twice: messages may be there twice,
// and SQS itself delivers a message more than once. Whoever receives has to bear that anyway.
//
// MD5OfMessageBody is not compared: TCP and TLS already see to it that a body arrives as it was
// sent.
#pragma once

#include "aws/credentials.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "client/http.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace showrunner::aws {

inline constexpr metrics::Spec sqs_retries_spec{
    .name = "showrunner_sqs_retries_total",
    .kind = metrics::Kind::counter,
    .help = "Calls to SQS that were made again, by action.",
    .label = "action",
};

/// How many entries SQS takes in one call.
inline constexpr std::size_t sqs_batch_max = 10;

using Attributes = std::map<std::string, std::string>;

struct OutgoingMessage {
    std::string body;                           ///< XML's characters only, at most 256 KiB a batch
    std::optional<std::chrono::seconds> delay;  ///< at most 15 minutes; else the queue's own
    Attributes attributes;                      ///< texts, at most 10, not empty
};

struct ReceivedMessage {
    std::string message_id;
    std::string receipt_handle;  ///< of this delivery: a later one has another
    std::string body;
    unsigned receive_count = 0;  ///< deliveries up to this one, approximately
    Attributes attributes;
};

struct VisibilityChange {
    std::string receipt_handle;
    std::chrono::seconds timeout;  ///< from now, at most 12 hours; 0 gives the message back
};

/// What became of one entry of a batch.
struct EntryResult {
    std::string message_id;     ///< of a message that was sent
    std::string failure;        ///< SQS's code, such as ReceiptHandleIsInvalid; empty for success
    bool sender_fault = false;  ///< trying again would fail again

    [[nodiscard]] bool ok() const { return failure.empty(); }
};

/// Approximately, as SQS says.
struct QueueDepth {
    std::uint64_t visible = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t delayed = 0;
};

struct ReceiveOptions {
    std::size_t max = sqs_batch_max;
    std::chrono::seconds wait{20};  ///< for the first message; at most 20 s
    std::chrono::seconds visibility{30};
};

struct SqsOptions {
    std::string endpoint;  ///< a URL without a path
    std::string region;
    Credentials credentials;
    client::AddressFilter allow = client::is_any;  ///< the operator names the endpoint
    std::chrono::milliseconds timeout{5'000};      ///< of one attempt; a long poll's wait is added
    std::chrono::milliseconds deadline{20'000};    ///< of all attempts; the same
    unsigned attempts_max = 6;
    std::chrono::milliseconds backoff_min{100};
    std::chrono::milliseconds backoff_max{5'000};
};

/// Outlives its calls. They throw
///   Error{Code::not_found, "QUEUE_NOT_FOUND"}, Error{Code::conflict, "QUEUE_EXISTS"},
///   Error{Code::unavailable, "SQS_THROTTLED" or "SQS_FAILED"} when trying again did not help,
///   Error{Code::internal, "SQS_DENIED" or "SQS_REFUSED"} for credentials and calls that won't do,
///   and what client::Http throws; operation_aborted when cancelled. A batch of more entries than
/// SQS takes is a std::logic_error; an empty one asks nobody.
class Sqs {
public:
    Sqs(client::Http& http, Clock const& clock, metrics::Registry& registry, SqsOptions options);

    /// The queue's URL; the same again when it exists with the same attributes.
    [[nodiscard]] Task<std::string> create_queue(std::string name, Attributes attributes = {});

    /// Nothing when there is no such queue.
    [[nodiscard]] Task<std::optional<std::string>> get_queue_url(std::string name);

    /// Results are in the order of the entries, here and below.
    [[nodiscard]] Task<std::vector<EntryResult>> send_batch(
        std::string queue_url, std::vector<OutgoingMessage> messages
    );

    /// Nothing when none came in time.
    [[nodiscard]] Task<std::vector<ReceivedMessage>> receive(
        std::string queue_url, ReceiveOptions options = {}
    );

    /// Succeeds for a message that is gone already, and for a stale handle, which deletes nothing.
    [[nodiscard]] Task<std::vector<EntryResult>> delete_batch(
        std::string queue_url, std::vector<std::string> receipt_handles
    );

    [[nodiscard]] Task<std::vector<EntryResult>> change_visibility_batch(
        std::string queue_url, std::vector<VisibilityChange> changes
    );

    [[nodiscard]] Task<QueueDepth> depth(std::string queue_url);

    /// How other queues name it, for a RedrivePolicy.
    [[nodiscard]] Task<std::string> arn(std::string queue_url);

private:
    using Answer = std::variant<boost::json::object, Error>;

    Task<Answer> attempt(std::string_view action, std::string body, std::chrono::seconds wait);
    Task<boost::json::object> call(
        std::string_view action, std::string body, std::chrono::seconds wait = {}
    );
    [[nodiscard]] client::Request request_for(
        std::string_view action, std::string const& body, std::chrono::milliseconds timeout
    ) const;

    client::Http& http_;
    Clock const& clock_;
    metrics::Registry& registry_;
    SqsOptions options_;
};

}  // namespace showrunner::aws
