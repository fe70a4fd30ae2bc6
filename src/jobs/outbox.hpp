// Which jobs a message has to be sent for, as PostgreSQL has it on record. A message only says that
// there may be a job to take: one too many finds nothing to take, and one that is lost is sent
// again, later. Nothing here depends on the kind of queue that the messages go to.
#pragma once

#include "base/clock.hpp"
#include "base/task.hpp"
#include "db/pool.hpp"
#include "jobs/queue.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::jobs {

struct OutboxOptions {
    /// A due job whose message was sent this long ago, and that nobody took, may have lost it.
    std::chrono::seconds resend_after{300};
    /// Jobs that are due later than this are kept back.
    std::chrono::seconds horizon{900};
};

/// A job that a message is to be sent for.
struct Unsent {
    Held job;  ///< with the lease that it was under last: whoever has another one is out of date
    std::string queue;
    std::chrono::seconds delay{0};  ///< until it is due
};

/// A job that waits to be taken.
struct Waiting {
    Held job;
    std::chrono::seconds due_in{0};
};

/// The jobs of a queue that should have a message; counted up to `Outbox::count_max`.
struct Sent {
    int overdue = 0;  ///< due, and sent longer ago than resend_after
    int waiting = 0;
    int running = 0;
};

class Outbox {
public:
    Outbox(db::Pool& pool, Clock const& clock, OutboxOptions options)
        : pool_{pool}, clock_{clock}, options_{options} {}

    /// Makes the index that take() reads. Only those who send pay for it: the migration does not.
    Task<> prepare();

    /// Jobs that wait without a message, the most urgent first. They are noted as sent so that
    /// nobody else sends them, but only just: unless confirm() follows within `grace`, they are
    /// taken for overdue.
    Task<std::vector<Unsent>> take(std::vector<std::string> queues, int max);

    /// The messages are on their way.
    Task<> confirm(std::vector<Held> sent);

    /// To be sent (again), as soon as can be.
    Task<> forget(std::vector<Held> jobs);

    Task<Sent> count(std::string queue);

    /// Jobs of the queue whose messages are older than `age` are to be sent again; at most
    /// `forget_max`. How many.
    Task<int> forget_older(std::string queue, std::chrono::seconds age);

    /// Those of the ids that wait, due or not.
    Task<std::vector<Waiting>> waiting(std::vector<std::string> ids);

    /// A job that waits becomes a dead letter, if its lease is (still) this one. False: it does not
    /// wait, or has been taken meanwhile.
    Task<bool> abandon(std::string id, std::optional<std::int64_t> lease, std::string reason);

    static constexpr std::chrono::seconds grace{30};
    static constexpr int count_max = 10'000;
    static constexpr int forget_max = 500;

private:
    db::Pool& pool_;
    Clock const& clock_;
    OutboxOptions options_;
};

}  // namespace showrunner::jobs
