// Takes jobs from their queues and runs their handlers, in the server or in a process of its own.
#pragma once

#include "base/metrics.hpp"
#include "jobs/handler.hpp"
#include "jobs/queue.hpp"
#include "jobs/source.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace showrunner::jobs {

struct ProcessorOptions {
    std::string node;
    std::string kind = "server";  ///< server, processor
    std::vector<std::string> queues{"default"};
    int concurrency = 10;
    std::chrono::milliseconds poll_interval{1000};
    std::chrono::seconds lease{30};
    /// A cancelled handler that does not stop within this loses its lease.
    std::chrono::milliseconds cancel_grace{10'000};
};

class Processor {
public:
    Processor(
        asio::any_io_executor executor,
        api::Services& services,
        Source& source,
        std::vector<Handler> handlers,
        ProcessorOptions options
    );
    ~Processor();
    Processor(Processor const&) = delete;
    Processor& operator=(Processor const&) = delete;

    /// Registers the process. Before the loops.
    Task<> start();

    /// The loops, each until cancelled; under supervise().
    Task<> take();       ///< claims and starts jobs
    Task<> heartbeat();  ///< renews the leases, hears what is to be cancelled
    Task<> report();     ///< progress and log lines; time-outs
    Task<> flush();      ///< finishes what has ended, in batches; as many of these as wanted

    /// From now on; what runs goes on.
    void take_no_more() {
        draining_ = true;
        source_.stop();
    }

    /// Takes no more, waits for what runs, gives back what does not end within `limit`.
    Task<> drain(std::chrono::milliseconds limit);
    /// Ends the waiting of drain(), begun or to come.
    void hurry();

    /// There may be something to take.
    void wake();
    /// Somebody wants this job to stop.
    void cancel(std::string_view job_id);

    /// The settings of a queue changed.
    void refresh_limits() {
        limits_.clear();
        wake();
    }

    [[nodiscard]] int running() const { return executing_; }

    static constexpr int batch_max = 1000;
    static constexpr int lines_max = 10'000;  ///< of an attempt's log
    static constexpr std::size_t line_bytes_max = 4096;
    static constexpr std::size_t message_bytes_max = 500;

private:
    static constexpr std::size_t lines_waiting_max = 50'000;
    static constexpr std::size_t lines_batch_max = 2'000;

    struct Active;
    class ActiveRun;

    struct Line {
        std::string job_id;
        int attempt;
        Time at;
        LogLevel level;
        std::string text;
    };

    /// A queue, as jobs are taken from it.
    struct Intake {
        std::string queue;
        bool due = true;    ///< there may be something in it
        bool deep = false;  ///< there was more than what was taken last
        int under_way = 0;
    };

    enum class Stop : std::uint8_t { none, cancelled, timed_out, lost, shutdown };

    Task<QueueLimits> limits_of(std::string queue);
    void begin_takes();
    bool begin_take(Intake& intake);
    void all_due();
    void nudge();
    static Task<> take_from(Processor& self, Intake& intake, int room);
    void begin(Claimed job);
    static Task<> work(Processor& self, std::shared_ptr<Active> active);
    Task<> settle(std::shared_ptr<Active> active, std::optional<Failure> failure);
    Task<> report_last(std::shared_ptr<Active> active);
    Task<bool> write_down(Active& active, Failure failure);
    Task<bool> finish(std::vector<Completion> batch);
    Task<bool> finish_singly(std::vector<Completion> batch);
    Task<bool> refuse_result(Completion completion);
    Task<> give_back_unknown();
    Task<> sign_off();
    Task<> renew(std::vector<std::shared_ptr<Active>> jobs);
    Task<> save_lines();
    Task<bool> save_some_lines();
    Task<> stop_overdue();
    [[nodiscard]] std::vector<std::shared_ptr<Active>> at_work() const;
    void stop(Active& active, Stop why);
    void forget(Held const& held);
    void free_slot();
    void leave_room(std::string const& queue);
    void show(Active& active, bool logged);
    Task<> pause(std::chrono::milliseconds duration);
    Task<> ended_within(std::chrono::milliseconds limit, bool taken_only = false);
    [[nodiscard]] Handler const* handler_of(std::string_view type) const;

    api::Services& services_;
    Source& source_;
    Queue queue_;
    std::map<std::string, Handler, std::less<>> handlers_;
    ProcessorOptions options_;
    std::string id_;  ///< of this run of the process
    asio::any_io_executor executor_;
    asio::steady_timer take_timer_;
    asio::steady_timer flush_timer_;
    asio::steady_timer drain_timer_;
    asio::steady_timer saved_timer_;
    std::unordered_map<std::string, std::shared_ptr<Active>> active_;
    std::map<std::string, QueueLimits> limits_;
    std::chrono::steady_clock::time_point limits_read_{};
    std::vector<Completion> completions_;
    std::vector<Line> lines_;  ///< of the logs, to be written
    bool saving_ = false;
    int executing_ = 0;
    int reserved_ = 0;  ///< places for what is being taken
    std::vector<Intake> intakes_;
    std::size_t first_intake_ = 0;
    bool woken_ = false;
    bool draining_ = false;
    bool hurried_ = false;
    bool claim_unknown_ = false;  ///< a claim failed, and may have been committed all the same
    metrics::Histogram& wait_seconds_;
    metrics::Gauge& running_gauge_;
};

}  // namespace showrunner::jobs
