#include "jobs/sqs_link.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace showrunner::jobs {

namespace {

constexpr metrics::Spec messages_total{
    "showrunner_sqs_messages_total",
    metrics::Kind::counter,
    "Messages about jobs (JOB_QUEUE=sqs): sent, received, removed, returned to be delivered later, "
    "abandoned with their jobs, or unreadable.",
    "outcome"
};
constexpr metrics::Spec up_spec{
    "showrunner_sqs_up",
    metrics::Kind::gauge,
    "1 while SQS does what it is asked, 0 in an outage; absent with JOB_QUEUE=postgres."
};
constexpr metrics::Spec outages_total{
    "showrunner_sqs_outages_total", metrics::Kind::counter, "Times that SQS went away."
};

/// Our own attempts bury a job long before: whatever is delivered this often cannot be taken.
constexpr std::string_view receives_max = "100";
/// The longest that SQS knows: fourteen days.
constexpr std::string_view retention_s = "1209600";
/// SQS's own limit.
constexpr std::size_t name_max = 80;
constexpr std::size_t calls_max = 32;

/// Whoever calls tries again by itself, and is to know soon that SQS is away.
aws::SqsOptions impatient(aws::SqsOptions options) {
    options.attempts_max = 3;
    options.deadline = std::chrono::seconds{10};
    return options;
}

}  // namespace

std::string message_of(Held const& job) {
    return fmt::format(R"({{"job_id":"{}","lease":{}}})", job.id, job.lease);
}

std::optional<Ticket> ticket_of(std::string_view message) {
    boost::system::error_code error;
    boost::json::value const value = boost::json::parse(message, error);
    if (error || !value.is_object()) return std::nullopt;
    auto const* const id = value.get_object().if_contains("job_id");
    if (id == nullptr || !id->is_string()) return std::nullopt;
    Ticket ticket{std::string{id->get_string()}, {}};
    if (!is_id(ticket.id)) return std::nullopt;
    auto const* const lease = value.get_object().if_contains("lease");
    if (lease != nullptr && lease->is_int64()) ticket.lease = lease->get_int64();
    return ticket;
}

SqsLink::SqsLink(
    asio::any_io_executor executor,
    Clock const& clock,
    metrics::Registry& registry,
    SqsLinkOptions options
)
    : registry_{registry},
      prefix_{std::move(options.prefix)},
      http_{executor, registry, {.active_max = calls_max}},
      polls_{executor, registry, {.active_max = std::max<std::size_t>(options.receivers, 1)}},
      sqs_{http_, clock, registry, impatient(options.sqs)},
      receiving_{polls_, clock, registry, impatient(options.sqs)},
      up_{registry.gauge(up_spec)},
      outages_{registry.counter(outages_total)} {
    declare_metrics(registry);
    up_.set(1);
}

void SqsLink::declare_metrics(metrics::Registry& registry) {
    registry.declare(messages_total);
    registry.declare(up_spec);
    registry.declare(outages_total);
}

void SqsLink::count(std::string_view outcome, std::size_t messages) {
    registry_.counter(messages_total, outcome).add(messages);
}

// ---------------------------------------------------------------- outages

bool SqsLink::away_for(std::chrono::seconds duration) const {
    return away_since_ && SteadyClock::now() - *away_since_ >= duration;
}

void SqsLink::worked() {
    if (!away_since_) return;
    auto const away = SteadyClock::now() - *away_since_;
    away_since_.reset();
    up_.set(1);
    log::info("sqs_back", {{"away_s", std::chrono::duration<double>(away).count()}});
}

void SqsLink::failed(Error const& error) {
    // Somebody has deleted a queue: it is looked for, and made, anew.
    if (error.code == Code::not_found) urls_.clear();
    bool const away = error.code == Code::unavailable || error.token == "SQS_DENIED";
    if (!away) {
        log::warning("sqs_refused", {{"code", error.token}, {"error", error.what()}});
    } else if (!away_since_) {
        away_since_ = SteadyClock::now();
        up_.set(0);
        outages_.add();
        log::warning("sqs_away", {{"code", error.token}, {"error", error.what()}});
    }
}

template <typename T>
Task<std::optional<T>> SqsLink::attempt(Task<T> call) {
    try {
        T result = co_await std::move(call);
        worked();
        co_return std::optional<T>{std::move(result)};
    } catch (Error const& error) {
        failed(error);
    }
    co_return std::nullopt;
}

// ---------------------------------------------------------------- queues

std::string SqsLink::name_of(std::string_view queue, SqsQueue which) const {
    std::string name =
        fmt::format("{}{}{}", prefix_, queue, which == SqsQueue::dead ? "-dead" : "");
    // SQS has no dots.
    std::replace(name.begin(), name.end(), '.', '_');
    if (name.size() > name_max) {
        throw Error{
            Code::invalid, "SQS_NAME_TOO_LONG", fmt::format("{} is too long a name for SQS.", name)
        };
    }
    return name;
}

Task<std::string> SqsLink::find_or_make(std::string name, aws::Attributes attributes) {
    auto const found = co_await sqs_.get_queue_url(name);
    if (found) co_return *found;
    std::string url = co_await sqs_.create_queue(name, std::move(attributes));
    log::info("sqs_queue_made", {{"name", name}});
    co_return url;
}

Task<std::string> SqsLink::url_of(std::string queue, SqsQueue which) {
    auto const key = std::pair{queue, which};
    auto const known = urls_.find(key);
    if (known != urls_.end()) co_return known->second;
    aws::Attributes attributes;
    attributes["MessageRetentionPeriod"] = retention_s;
    if (which == SqsQueue::work) {
        std::string const dead = co_await url_of(queue, SqsQueue::dead);
        std::string const arn = co_await sqs_.arn(dead);
        attributes["RedrivePolicy"] = fmt::format(
            R"({{"deadLetterTargetArn":"{}","maxReceiveCount":"{}"}})", arn, receives_max
        );
    }
    std::string url = co_await find_or_make(name_of(queue, which), std::move(attributes));
    urls_[key] = url;
    co_return url;
}

// ---------------------------------------------------------------- calls

Task<std::vector<aws::EntryResult>> SqsLink::send_to(
    std::string queue, std::vector<aws::OutgoingMessage> messages
) {
    std::string url = co_await url_of(std::move(queue), SqsQueue::work);
    auto results = co_await sqs_.send_batch(std::move(url), std::move(messages));
    co_return results;
}

Task<std::vector<aws::ReceivedMessage>> SqsLink::receive_from(
    std::string queue, SqsQueue which, aws::ReceiveOptions options
) {
    std::string url = co_await url_of(std::move(queue), which);
    auto messages = co_await receiving_.receive(std::move(url), options);
    co_return messages;
}

Task<std::vector<aws::EntryResult>> SqsLink::remove_from(
    std::string queue, SqsQueue which, std::vector<std::string> receipts
) {
    std::string url = co_await url_of(std::move(queue), which);
    auto results = co_await sqs_.delete_batch(std::move(url), std::move(receipts));
    co_return results;
}

Task<std::vector<aws::EntryResult>> SqsLink::change_in(
    std::string queue, std::vector<aws::VisibilityChange> changes
) {
    std::string url = co_await url_of(std::move(queue), SqsQueue::work);
    auto results = co_await sqs_.change_visibility_batch(std::move(url), std::move(changes));
    co_return results;
}

Task<aws::QueueDepth> SqsLink::depth_of(std::string queue) {
    std::string url = co_await url_of(std::move(queue), SqsQueue::work);
    aws::QueueDepth const depth = co_await sqs_.depth(std::move(url));
    co_return depth;
}

Task<std::optional<std::vector<aws::EntryResult>>> SqsLink::send(
    std::string queue, std::vector<aws::OutgoingMessage> messages
) {
    std::size_t const size = messages.size();
    auto results = co_await attempt(send_to(std::move(queue), std::move(messages)));
    if (results) count("sent", size);
    co_return results;
}

Task<std::optional<std::vector<aws::ReceivedMessage>>> SqsLink::receive(
    std::string queue, SqsQueue which, aws::ReceiveOptions options
) {
    auto messages = co_await attempt(receive_from(std::move(queue), which, options));
    if (messages) count("received", messages->size());
    co_return messages;
}

Task<bool> SqsLink::remove(std::string queue, SqsQueue which, std::vector<std::string> receipts) {
    std::size_t const size = receipts.size();
    auto const results =
        co_await attempt(remove_from(std::move(queue), which, std::move(receipts)));
    if (results) count("removed", size);
    co_return results.has_value();
}

Task<bool> SqsLink::change_visibility(
    std::string queue, std::vector<aws::VisibilityChange> changes
) {
    auto const results = co_await attempt(change_in(std::move(queue), std::move(changes)));
    co_return results.has_value();
}

Task<std::optional<aws::QueueDepth>> SqsLink::depth(std::string queue) {
    auto depth = co_await attempt(depth_of(std::move(queue)));
    co_return depth;
}

}  // namespace showrunner::jobs
