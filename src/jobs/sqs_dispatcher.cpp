#include "jobs/sqs_dispatcher.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace showrunner::jobs {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr metrics::Spec resent_total{
    "showrunner_sqs_resent_total",
    metrics::Kind::counter,
    "Jobs that were sent again because nobody took them."
};

/// Collected ahead of the senders: two rounds of eight full batches.
constexpr std::size_t unsent_max = 160;
/// While SQS is away, one batch at a time finds out when it is back.
constexpr int probe_max = 10;
constexpr milliseconds collect_interval{1'000};
/// Most jobs are taken before this, and need no confirmation.
constexpr seconds confirm_interval{2};
constexpr std::size_t confirm_max = 1'000;
constexpr seconds sweep_interval_max{30};
/// While a queue has as many messages as jobs, none is lost: they are only late, and sending more
/// of them would make them later. But what SQS counts is approximate.
constexpr int patience_with_backlog = 12;
constexpr int rounds_max = 20;

}  // namespace

SqsDispatcher::SqsDispatcher(
    asio::any_io_executor executor,
    SqsLink& link,
    Outbox& outbox,
    metrics::Registry& registry,
    std::vector<std::string> queues,
    seconds resend_after
)
    : link_{link},
      outbox_{outbox},
      resent_{registry.counter(resent_total)},
      queues_{std::move(queues)},
      resend_after_{resend_after},
      collect_timer_{executor},
      send_timer_{executor, std::chrono::steady_clock::time_point::max()} {}

void SqsDispatcher::declare_metrics(metrics::Registry& registry) {
    registry.declare(resent_total);
}

void SqsDispatcher::wake() {
    woken_ = true;
    collect_timer_.cancel();
}

// ---------------------------------------------------------------- sending

Task<> SqsDispatcher::collect() {
    for (;;) {
        woken_ = false;
        int const most = link_.away() ? probe_max : static_cast<int>(unsent_max);
        int const room = most - static_cast<int>(unsent_.size());
        int taken = 0;
        if (room > 0) {
            std::vector<Unsent> jobs = co_await outbox_.take(queues_, room);
            taken = static_cast<int>(jobs.size());
            std::move(jobs.begin(), jobs.end(), std::back_inserter(unsent_));
            send_timer_.cancel();
            // Of the queues with equally urgent jobs each is the first in turn.
            std::rotate(queues_.begin(), queues_.begin() + 1, queues_.end());
        }
        more_ = taken == room;
        if (woken_ && room > 0 && !link_.away()) continue;
        // Senders wake this up when there is more and they have made room for it.
        collect_timer_.expires_after(collect_interval);
        co_await collect_timer_.async_wait(as_result);
    }
}

Task<> SqsDispatcher::send() {
    for (;;) {
        while (unsent_.empty()) co_await send_timer_.async_wait(as_result);
        co_await send_some();
        if (link_.away()) {
            co_await sleep_for(collect_interval);
        } else if (more_ && unsent_.size() <= unsent_max / 2) {
            collect_timer_.cancel();
        }
    }
}

/// The first, and up to nine more of its queue.
Task<> SqsDispatcher::send_some() {
    std::string const queue = unsent_.front().queue;
    std::vector<Held> jobs;
    std::vector<aws::OutgoingMessage> messages;
    for (auto each = unsent_.begin();
         each != unsent_.end() && messages.size() < aws::sqs_batch_max;) {
        if (each->queue != queue) {
            ++each;
            continue;
        }
        messages.push_back({message_of(each->job), each->delay, {}});
        jobs.push_back(std::move(each->job));
        each = unsent_.erase(each);
    }
    auto const results = co_await link_.send(queue, std::move(messages));
    std::vector<Held> unsent;
    for (std::size_t n = 0; n < jobs.size(); ++n) {
        bool const ok = results && n < results->size() && (*results)[n].ok();
        (ok ? sent_ : unsent).push_back(std::move(jobs[n]));
    }
    if (!unsent.empty()) co_await outbox_.forget(std::move(unsent));
}

Task<> SqsDispatcher::confirm() {
    for (;;) {
        co_await sleep_for(confirm_interval);
        while (!sent_.empty()) {
            auto const size =
                static_cast<std::ptrdiff_t>(std::min<std::size_t>(sent_.size(), confirm_max));
            std::vector<Held> batch{sent_.begin(), sent_.begin() + size};
            co_await outbox_.confirm(std::move(batch));
            sent_.erase(sent_.begin(), sent_.begin() + size);
        }
    }
}

// ---------------------------------------------------------------- what got lost

Task<> SqsDispatcher::sweep() {
    milliseconds const interval =
        std::min(milliseconds{resend_after_} / 4, milliseconds{sweep_interval_max});
    for (;;) {
        // Spread, so that nodes that started together do not all look together.
        co_await sleep_for(interval + milliseconds{random_below(200)});
        std::vector<std::string> const queues = queues_;
        for (std::string const& queue : queues) co_await sweep(queue);
    }
}

Task<> SqsDispatcher::sweep(std::string queue) {
    Sent const sent = co_await outbox_.count(queue);
    if (sent.overdue == 0) co_return;
    auto const depth = co_await link_.depth(queue);
    if (!depth) co_return;
    auto const jobs =
        static_cast<std::uint64_t>(sent.waiting) + static_cast<std::uint64_t>(sent.running);
    bool const lost = depth->visible + depth->in_flight + depth->delayed < jobs;
    seconds const age = lost ? resend_after_ : resend_after_ * patience_with_backlog;
    int all = 0;
    for (int round = 0; round < rounds_max; ++round) {
        int const some = co_await outbox_.forget_older(queue, age);
        all += some;
        if (some < Outbox::forget_max) break;
    }
    if (all == 0) co_return;
    resent_.add(static_cast<std::uint64_t>(all));
    log::warning("jobs_sent_again", {{"queue", queue}, {"jobs", all}});
    wake();
}

Task<> SqsDispatcher::import_dead() {
    for (;;) {
        co_await sleep_for(std::min(resend_after_, sweep_interval_max));
        std::vector<std::string> const queues = queues_;
        for (std::string const& queue : queues) {
            bool more = true;
            while (more) more = co_await import_some(queue);
        }
    }
}

/// A job that waits as it did when the message was sent becomes a dead letter. One that runs is its
/// holder's, and any other has had a newer message.
Task<bool> SqsDispatcher::import_some(std::string queue) {
    aws::ReceiveOptions options;
    options.wait = seconds{0};
    auto const received = co_await link_.receive(queue, SqsQueue::dead, options);
    if (!received || received->empty()) co_return false;
    std::vector<std::string> receipts;
    for (aws::ReceivedMessage const& message : *received) {
        auto const ticket = ticket_of(message.body);
        bool abandoned = false;
        if (ticket) {
            abandoned = co_await outbox_.abandon(
                ticket->id, ticket->lease, "Its message was delivered too often, and never taken."
            );
        }
        if (abandoned) {
            link_.count("abandoned");
            log::warning("job_undeliverable", {{"job", ticket->id}, {"queue", queue}});
        }
        receipts.push_back(message.receipt_handle);
    }
    bool const removed = co_await link_.remove(queue, SqsQueue::dead, std::move(receipts));
    co_return removed;
}

}  // namespace showrunner::jobs
