// Jobs by way of SQS: messages say which jobs may be taken, and those are claimed by their ids in
// PostgreSQL like any others. A message lives as long as its job is held here: its visibility is
// lengthened with the lease, and when the job ends, whichever way, it is removed. One whose job
// cannot be taken is removed too, unless the job waits for its queue's limits: that one comes back
// a little later. While SQS is away, jobs are taken from PostgreSQL directly.
#pragma once

#include "jobs/outbox.hpp"
#include "jobs/postgres_source.hpp"
#include "jobs/sqs_link.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace showrunner::jobs {

struct SqsSourceOptions {
    int concurrency = 10;
    std::chrono::seconds lease{30};
};

class SqsSource final : public Source {
public:
    SqsSource(
        asio::any_io_executor executor,
        SqsLink& link,
        Queue queue,
        Outbox& outbox,
        SqsSourceOptions options
    );

    Task<std::vector<Claimed>> take(Claim claim, QueueLimits limits) override;
    void renewed(Held const& held) override;
    void ended(Held const& held) override;
    void stop() override;
    Task<> close() override;

    // Loops, each until cancelled; under supervise().

    Task<> receive(std::string queue);  ///< as many of these a queue as wanted
    Task<> carry_out();                 ///< removes messages and changes their visibility; the same
    Task<> look_after();                ///< lengthens visibility, sends back what cannot be taken

private:
    using SteadyClock = std::chrono::steady_clock;

    struct Message {
        std::string job_id;
        std::optional<std::int64_t> lease;  ///< that it was sent under
        std::string queue;
        std::string receipt;
        unsigned receives = 1;
        SteadyClock::time_point arrived_at;
    };

    /// A message whose job runs here.
    struct InHand {
        std::int64_t lease = 0;
        std::string queue;
        std::string receipt;
        SteadyClock::time_point visible_at;  ///< to others
        bool renewed = false;                ///< since its visibility was set
    };

    struct Inbox {
        std::deque<Message> messages;
        bool paused = false;
    };

    struct Chore {
        std::string queue;
        std::string receipt;
        std::optional<std::chrono::seconds> visibility = {};  ///< none: the message is removed
    };

    [[nodiscard]] int room() const;
    [[nodiscard]] bool wants(Inbox const& inbox) const;
    void accept(std::string const& queue, aws::ReceivedMessage received);
    Task<std::vector<Claimed>> take_messages(Claim claim, QueueLimits limits);
    void hold(Claimed const& job, Message const& message);
    void lengthen();
    void set_aside_old();
    Task<> send_back();
    void add(Chore chore);
    Task<> carry_out_some();

    SqsLink& link_;
    Queue queue_;
    Outbox& outbox_;
    PostgresSource fallback_;
    SqsSourceOptions options_;
    asio::steady_timer room_timer_;   ///< cancelled when there may be room
    asio::steady_timer chore_timer_;  ///< cancelled when there is something to do
    asio::steady_timer care_timer_;
    std::map<std::string, Inbox> inboxes_;
    std::vector<Message> untaken_;  ///< whose jobs could not be claimed
    std::unordered_map<std::string, InHand> in_hand_;
    std::deque<Chore> chores_;
    bool stopped_ = false;
};

}  // namespace showrunner::jobs
