// Sends messages for jobs that wait, and looks after those that got lost: every process does it,
// passing over what another one is sending.
#pragma once

#include "jobs/outbox.hpp"
#include "jobs/sqs_link.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <string>
#include <vector>

namespace showrunner::jobs {

class SqsDispatcher {
public:
    SqsDispatcher(
        asio::any_io_executor executor,
        SqsLink& link,
        Outbox& outbox,
        metrics::Registry& registry,
        std::vector<std::string> queues,
        std::chrono::seconds resend_after
    );

    static void declare_metrics(metrics::Registry& registry);

    /// There may be something to send.
    void wake();

    // Loops, each until cancelled; under supervise().

    Task<> collect();
    Task<> send();  ///< batches of ten; as many of these as wanted
    Task<> confirm();
    Task<> sweep();
    Task<> import_dead();

private:
    Task<> send_some();
    Task<> sweep(std::string queue);
    Task<bool> import_some(std::string queue);

    SqsLink& link_;
    Outbox& outbox_;
    metrics::Counter& resent_;
    std::vector<std::string> queues_;
    std::chrono::seconds resend_after_;
    asio::steady_timer collect_timer_;
    asio::steady_timer send_timer_;  ///< cancelled when there is something to send
    std::deque<Unsent> unsent_;
    std::vector<Held> sent_;  ///< not confirmed yet
    bool woken_ = false;
    bool more_ = false;  ///< than there was room for, the last time
};

}  // namespace showrunner::jobs
