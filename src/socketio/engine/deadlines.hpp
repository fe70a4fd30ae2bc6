// One timer for all the deadlines of a server: pings, time-outs, grace periods.
#pragma once

#include "base/task.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/set.hpp>

#include <chrono>
#include <memory>

namespace showrunner::engineio {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Something that has to happen at a time. Derive from it; destruction cancels.
class Deadline : public boost::intrusive::set_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                     boost::intrusive::optimize_size<true>> {
public:
    Deadline() = default;
    Deadline(Deadline const&) = delete;
    Deadline& operator=(Deadline const&) = delete;
    virtual ~Deadline() = default;

    /// The time has come; it may be armed again, or destroyed, in here.
    virtual void expire() = 0;

    void cancel() {
        if (is_linked()) unlink();
    }

    [[nodiscard]] SteadyTime due() const { return due_; }

private:
    friend class Deadlines;
    SteadyTime due_{};
};

class Deadlines {
public:
    explicit Deadlines(asio::any_io_executor executor);

    void arm(Deadline& deadline, std::chrono::milliseconds after);

    /// Runs what is due now, rather than when the timer's handler gets its turn.
    void run_due();

private:
    struct Earlier {
        bool operator()(Deadline const& a, Deadline const& b) const { return a.due() < b.due(); }
    };

    void start_timer();

    boost::intrusive::multiset<
        Deadline,
        boost::intrusive::compare<Earlier>,
        boost::intrusive::constant_time_size<false>>
        queue_;
    asio::steady_timer timer_;
    SteadyTime timer_due_ = SteadyTime::max();
    std::shared_ptr<Deadlines*> self_;  ///< tells a handler that runs late that this is gone
};

}  // namespace showrunner::engineio
