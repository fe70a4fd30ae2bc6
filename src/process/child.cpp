#include "process/child.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "process/launch.hpp"
#include "process/lines.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <signal.h>
#include <sys/stat.h>

#include <array>
#include <system_error>

namespace showrunner::process {

namespace {

using Stream = asio::posix::stream_descriptor;
using std::chrono::steady_clock;

/// How long output is still read when the program has ended: a process that left the group may
/// hold the pipe for ever.
constexpr std::chrono::seconds drain_max{1};

/// A folder for this program alone, gone with the object; or the one that the command names.
class WorkingFolder {
public:
    explicit WorkingFolder(std::filesystem::path const& wanted) : path_{wanted} {
        if (!wanted.empty()) return;
        std::error_code error;
        path_ = std::filesystem::temp_directory_path(error) / ("showrunner-" + random_token(12));
        ours_ = !error && ::mkdir(path_.c_str(), 0700) == 0;
        // Without a folder the child's chdir fails, which says why.
    }

    WorkingFolder(WorkingFolder const&) = delete;
    WorkingFolder& operator=(WorkingFolder const&) = delete;

    ~WorkingFolder() {
        if (!ours_) return;
        std::error_code error;
        std::filesystem::remove_all(path_, error);
        if (error) log::warning("working_folder_left", {{"error", error.message()}});
    }

    [[nodiscard]] std::filesystem::path const& path() const { return path_; }

private:
    std::filesystem::path path_;
    bool ours_ = false;
};

/// A program under way. Shared by run() and the coroutines that watch it, so that it stays until
/// the last of them has heard of its end, however the others go.
class Child : public std::enable_shared_from_this<Child> {
public:
    Child(asio::any_io_executor executor, Limits const& limits, LineSink output, LineSink errors)
        : executor_{executor},
          limits_{limits},
          watch_{executor},
          clock_{executor},
          ending_{executor, steady_clock::time_point::max()},
          drain_{executor},
          output_{Stream{executor}, Lines{std::move(output), limits.output_bytes}},
          errors_{Stream{executor}, Lines{std::move(errors), limits.output_bytes}} {}

    void start(Launched launched) {
        process_ = std::move(launched.process);
        watch_.assign(launched.watch.release());
        output_.stream.assign(launched.output.release());
        errors_.stream.assign(launched.errors.release());
        spawn(executor_, "process_output", read(shared_from_this(), output_));
        spawn(executor_, "process_errors", read(shared_from_this(), errors_));
        spawn(executor_, "process_clock", watch_clock(shared_from_this()));
        watch_end();
    }

    /// Ends it as a time-out does.
    void stop() {
        if (std::exchange(stopping_, true)) return;
        clock_.cancel();
    }

    /// Whoever ran it is gone: nobody hears of it any more.
    void abandon() {
        Exit unused;
        process_.signal_group(SIGKILL);
        process_.reap(unused);
        output_.lines = Lines{{}, 0};
        errors_.lines = Lines{{}, 0};
    }

    [[nodiscard]] bool ended() const {
        return process_.is_reaped() && !output_.open && !errors_.open;
    }

    /// Never expires: cancelled when it has ended().
    asio::steady_timer& ending() { return ending_; }

    [[nodiscard]] Exit exit() const {
        Exit result = exit_;
        result.output_truncated =
            cut_off_ || output_.lines.truncated() || errors_.lines.truncated();
        return result;
    }

private:
    struct Output {
        Stream stream;
        Lines lines;
        bool open = true;
    };

    /// The end of reading, also when a sink throws.
    class Reading {
    public:
        Reading(Child& child, Output& output) : child_{child}, output_{output} {}

        Reading(Reading const&) = delete;
        Reading& operator=(Reading const&) = delete;

        ~Reading() {
            output_.open = false;
            child_.note_end();
        }

    private:
        Child& child_;
        Output& output_;
    };

    static Task<> read(std::shared_ptr<Child> self, Output& output) {
        Reading const reading{*self, output};
        std::array<char, 16UL << 10U> buffer{};
        for (;;) {
            auto const [error, count] =
                co_await output.stream.async_read_some(asio::buffer(buffer), as_result);
            if (error) break;
            output.lines.feed({buffer.data(), count});
        }
        output.lines.finish();
    }

    static Task<> watch_clock(std::shared_ptr<Child> self) {
        if (self->process_.is_reaped()) co_return;
        if (!self->stopping_) {
            self->clock_.expires_after(self->limits_.wall_limit);
            auto const [error] = co_await self->clock_.async_wait(as_result);
            if (self->process_.is_reaped()) co_return;
            self->exit_.timed_out = !error && !self->stopping_;
            self->stopping_ = true;
        }
        self->process_.signal_group(SIGTERM);
        self->clock_.expires_after(self->limits_.kill_grace);
        co_await self->clock_.async_wait(as_result);
        self->process_.signal_group(SIGKILL);
    }

    void watch_end() {
        watch_.async_wait(
            Stream::wait_read,
            [self = shared_from_this()](boost::system::error_code error) { self->on_end(error); }
        );
    }

    void on_end(boost::system::error_code error) {
        // An event of a descriptor that was closed just before may reach this one, which took its
        // place in the reactor: reaping would then hold up the event loop.
        if (!error && !process_.has_ended()) return watch_end();
        if (error) process_.signal_group(SIGKILL);  // reap() must not wait for long.
        process_.reap(exit_);
        auto const taken = steady_clock::now() - started_;
        exit_.wall = std::chrono::duration_cast<std::chrono::milliseconds>(taken);
        clock_.cancel();
        note_end();
        if (ended()) return;
        drain_.expires_after(drain_max);
        drain_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
            if (!cancelled) self->cut_off();
        });
    }

    void cut_off() {
        if (ended()) return;
        cut_off_ = true;
        output_.stream.close();
        errors_.stream.close();
    }

    void note_end() {
        if (!ended()) return;
        ending_.cancel();
        drain_.cancel();
    }

    asio::any_io_executor executor_;
    Limits limits_;
    steady_clock::time_point started_ = steady_clock::now();
    Process process_;
    Stream watch_;
    asio::steady_timer clock_;
    asio::steady_timer ending_;
    asio::steady_timer drain_;  ///< for output that outlasts the program
    Output output_;
    Output errors_;
    Exit exit_;
    bool stopping_ = false;
    bool cut_off_ = false;  ///< somebody else held the output open
};

/// Keeps the child from outliving the coroutine that runs it.
class Hold {
public:
    explicit Hold(std::shared_ptr<Child> child) : child_{std::move(child)} {}

    Hold(Hold const&) = delete;
    Hold& operator=(Hold const&) = delete;

    ~Hold() {
        if (!child_->ended()) child_->abandon();
    }

private:
    std::shared_ptr<Child> child_;
};

}  // namespace

std::string Exit::describe() const {
    if (timed_out) return "ran longer than it may";
    switch (how) {
        case How::exited:
            return fmt::format("ended with status {}", number);
        case How::killed:
            return fmt::format("was killed by signal {}", number);
        case How::not_started:
            break;
    }
    return "could not be started: " + std::generic_category().message(number);
}

Task<Exit> run(Command command, LineSink stdout_line, LineSink stderr_line) {
    auto const executor = co_await asio::this_coro::executor;
    WorkingFolder const folder{command.working_directory};
    Launched launched = launch(command, folder.path());
    if (launched.error != 0) {
        Exit exit;
        exit.number = launched.error;
        co_return exit;
    }
    auto const child = std::make_shared<Child>(
        executor, command.limits, std::move(stdout_line), std::move(stderr_line)
    );
    Hold const hold{child};
    child->start(std::move(launched));
    // From here to the program's end being cancelled is news, not the end of this coroutine.
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    bool cancelled = false;
    while (!child->ended()) {
        co_await child->ending().async_wait(as_result);
        if (child->ended()) break;
        cancelled = true;
        child->stop();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (cancelled) throw boost::system::system_error{asio::error::operation_aborted};
    co_return child->exit();
}

}  // namespace showrunner::process
