// One libpq connection in pipeline mode on the event loop. It knows what it has sent and whose the
// answers are; what they mean for the callers is the pool's business.
#pragma once

#include "base/task.hpp"
#include "db/statement.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <libpq-fe.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace showrunner::db {

/// Something sent whose answer is to come. A group ends with its Sync.
struct Step {
    enum class Kind : std::uint8_t { prepare, execute, command, script, sync };
    Kind kind = Kind::sync;
    Statement* statement = nullptr;  ///< nullptr: nobody waits for it
    std::size_t prepared_id = 0;     ///< of prepare
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    enum class Use : std::uint8_t {
        opening,
        idle,
        reads,     ///< up to PoolState::read_depth look-ups, each with its own Sync
        batch,     ///< inserts that share a Sync
        single,    ///< one statement of Lane::scan or Lane::change
        leased,    ///< to a Transaction
        cleaning,  ///< rolling back what a Transaction left
        session,   ///< of a Session, outside the pool's number of connections
        closed,
    };

    /// Whose it is: one of the pool's number, or a Session's.
    enum class Owner : std::uint8_t { pool, session };

    Connection(PoolState& pool, Owner owner);
    ~Connection();
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    /// Waits (back-off), connects and enters pipeline mode; what went wrong, or empty.
    Task<std::string> open(std::chrono::milliseconds delay);
    /// Reads answers until the connection breaks or is closed.
    Task<> serve();

    /// Sends it without a Sync, preparing it first when it is new here.
    void send(Statement& statement);
    /// BEGIN or ROLLBACK: nobody waits for the answer.
    void send_command(char const* sql);
    /// Ends the group that was sent; PostgreSQL commits (outside BEGIN … COMMIT) and answers.
    void sync();
    void send_script(Statement& statement);

    /// Asks PostgreSQL to cancel what it is running, when that is `statement` alone.
    void cancel(Statement const& statement);
    /// Asks PostgreSQL to cancel whatever it is running here.
    void cancel_running();
    /// Resumes when no cancel request is on its way: the next statement cannot be hit by one that
    /// was meant for the last.
    Task<> cancel_delivered();

    /// What was sent and not answered is given to the pool as lost.
    void break_off(std::string why);
    void close();

    /// Looks whether PostgreSQL has closed an idle connection, without waiting for the event loop
    /// to say so.
    void look_for_end();

    /// Starts another use of a drained connection.
    void start(Use next) {
        use = next;
        was_cancelled_ = false;
    }

    [[nodiscard]] bool drained() const { return steps_.empty(); }

    /// Drained, healthy and no cancel request is on its way to it.
    [[nodiscard]] bool reusable() const {
        return drained() && !retired_ && !broken_ && cancels_ == 0 && use != Use::closed;
    }

    /// Not to be given new work; to be closed once it is drained.
    [[nodiscard]] bool retired() const { return retired_ || broken_; }

    [[nodiscard]] bool cancelling() const { return cancels_ > 0; }

    /// PostgreSQL said farewell while nothing was asked: nothing sent after that was run.
    [[nodiscard]] bool said_farewell() const { return said_farewell_; }

    /// Unfinished groups.
    [[nodiscard]] std::size_t groups() const { return groups_; }

    [[nodiscard]] SteadyTime oldest_sent_at() const;

    [[nodiscard]] PoolState& pool() const { return pool_; }

    [[nodiscard]] std::span<Step const> unfinished() const {
        return std::span{steps_}.subspan(group_);
    }

    [[nodiscard]] std::optional<Failure> const& group_failure() const { return group_failure_; }

    /// A cancel request was sent during this use: a statement that failed with 57014 need not be
    /// the one that was meant.
    [[nodiscard]] bool was_cancelled() const { return was_cancelled_; }

    [[nodiscard]] std::string const& problem() const { return problem_; }

    /// When PostgreSQL last answered; before that, when connecting began.
    [[nodiscard]] SteadyTime heard_at() const { return heard_at_; }

    Owner const owner;
    Use use = Use::opening;
    Lane lane = Lane::change;     ///< of Use::single
    bool in_transaction = false;  ///< BEGIN was sent, no COMMIT or ROLLBACK after it
    std::function<void(std::string_view payload)> notified;  ///< of a Session that listens

private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };

    using Result = std::unique_ptr<PGresult, Clear>;

    static void take_notice(void* connection, PGresult const* notice);
    Task<std::string> connect();
    bool enter_pipeline_mode();
    bool prepare(Statement& statement);
    bool flush();
    void receive();
    void take_notifications();
    void accept(Result result);
    void accept_rows(Step const& step, Result result);
    void accept_failure(Step const& step, PGresult const* result);
    void unprepare(Step const& step);
    void finish_script();
    void finish_group();
    void refuse_locally(Statement& statement);
    void forget(Statement const& statement);

    PoolState& pool_;
    PGconn* connection_ = nullptr;
    asio::posix::stream_descriptor descriptor_;
    asio::steady_timer delay_;  ///< before opening; then, until a cancel request is delivered
    SteadyTime heard_at_;

    std::vector<Step> steps_;               ///< sent; [group_, end) is not answered completely
    std::size_t group_ = 0;                 ///< first step of the oldest unfinished group
    std::size_t next_ = 0;                  ///< the step whose answer comes next
    std::size_t groups_ = 0;                ///< unfinished
    std::optional<Failure> group_failure_;  ///< of a step nobody waits for, such as the Sync itself

    std::vector<bool> prepared_;       ///< by PreparedQuery::id
    std::vector<char const*> values_;  ///< scratch of send()
    unsigned cancels_ = 0;             ///< requests under way
    bool was_cancelled_ = false;
    bool waits_to_write_ = false;
    bool broken_ = false;
    bool retired_ = false;
    bool said_farewell_ = false;
    std::string problem_;
};

}  // namespace showrunner::db
