// Our queues at SQS: named, made when they are missing, and spoken to by whoever can do without an
// answer. That SQS is away is a value here, not an exception: PostgreSQL has the jobs.
#pragma once

#include "aws/sqs.hpp"
#include "base/metrics.hpp"
#include "jobs/queue.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::jobs {

/// Every queue has a second one, for messages that were delivered too often.
enum class SqsQueue : std::uint8_t { work, dead };

/// What a message says: this job may be taken; it was under this lease when it was sent.
[[nodiscard]] std::string message_of(Held const& job);

struct Ticket {
    std::string id;
    std::optional<std::int64_t> lease;
};

/// Nothing when the message is none of ours.
[[nodiscard]] std::optional<Ticket> ticket_of(std::string_view message);

struct SqsLinkOptions {
    aws::SqsOptions sqs;
    std::string prefix;
    std::size_t receivers = 1;  ///< long polls at once
};

class SqsLink {
public:
    SqsLink(
        asio::any_io_executor executor,
        Clock const& clock,
        metrics::Registry& registry,
        SqsLinkOptions options
    );

    /// Shows the metrics in processes that have no link, too.
    static void declare_metrics(metrics::Registry& registry);

    // Nothing, or false, when SQS did not do it. `queue` is the name of a queue of jobs.

    Task<std::optional<std::vector<aws::EntryResult>>> send(
        std::string queue, std::vector<aws::OutgoingMessage> messages
    );
    Task<std::optional<std::vector<aws::ReceivedMessage>>> receive(
        std::string queue, SqsQueue which, aws::ReceiveOptions options
    );
    Task<bool> remove(std::string queue, SqsQueue which, std::vector<std::string> receipts);
    Task<bool> change_visibility(std::string queue, std::vector<aws::VisibilityChange> changes);
    Task<std::optional<aws::QueueDepth>> depth(std::string queue);

    [[nodiscard]] bool away() const { return away_since_.has_value(); }

    /// For at least this long.
    [[nodiscard]] bool away_for(std::chrono::seconds duration) const;

    /// Counted as one of: sent, received, removed, returned, abandoned, unreadable.
    void count(std::string_view outcome, std::size_t messages = 1);

private:
    using SteadyClock = std::chrono::steady_clock;

    template <typename T>
    Task<std::optional<T>> attempt(Task<T> call);
    void worked();
    void failed(Error const& error);

    [[nodiscard]] std::string name_of(std::string_view queue, SqsQueue which) const;
    Task<std::string> url_of(std::string queue, SqsQueue which);
    Task<std::string> find_or_make(std::string name, aws::Attributes attributes);
    Task<std::vector<aws::EntryResult>> send_to(
        std::string queue, std::vector<aws::OutgoingMessage> messages
    );
    Task<std::vector<aws::ReceivedMessage>> receive_from(
        std::string queue, SqsQueue which, aws::ReceiveOptions options
    );
    Task<std::vector<aws::EntryResult>> remove_from(
        std::string queue, SqsQueue which, std::vector<std::string> receipts
    );
    Task<std::vector<aws::EntryResult>> change_in(
        std::string queue, std::vector<aws::VisibilityChange> changes
    );
    Task<aws::QueueDepth> depth_of(std::string queue);

    metrics::Registry& registry_;
    std::string prefix_;
    client::Http http_;
    client::Http polls_;  ///< long polls hold their places for long
    aws::Sqs sqs_;
    aws::Sqs receiving_;
    std::map<std::pair<std::string, SqsQueue>, std::string> urls_;
    std::optional<SteadyClock::time_point> away_since_;
    metrics::Gauge& up_;
    metrics::Counter& outages_;
};

}  // namespace showrunner::jobs
