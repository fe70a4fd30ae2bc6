#include "events/consumer.hpp"

#include "base/log.hpp"

namespace showrunner::events {

namespace {

constexpr metrics::Spec lag_seconds{
    "showrunner_consumer_lag_seconds",
    metrics::Kind::gauge,
    "Age of the oldest event that the consumer has not taken; 0 when it has taken all.",
    "consumer"
};
constexpr metrics::Spec is_leader{
    "showrunner_consumer_leader",
    metrics::Kind::gauge,
    "1 on the node that runs the consumer.",
    "consumer"
};
constexpr metrics::Spec applied_total{
    "showrunner_consumer_events_total",
    metrics::Kind::counter,
    "Events applied by the consumer.",
    "consumer"
};
constexpr metrics::Spec set_aside_total{
    "showrunner_consumer_set_aside_total",
    metrics::Kind::counter,
    "Events that the consumer could not apply and that were set aside.",
    "consumer"
};

// The lock's key is the consumer's name; the first number keeps consumers apart from other locks.
db::Query const elect_consumer{
    "elect_consumer", "SELECT pg_try_advisory_lock(738201, hashtext($1))", db::Lane::change
};

// A new consumer starts at the beginning: what it derives covers the whole ledger.
db::Query const create_cursor{
    "create_cursor",
    "INSERT INTO consumers (name, txid, seq) VALUES ($1, '0', 0) ON CONFLICT DO NOTHING",
    db::Lane::change
};

db::Query const read_cursor{
    "read_cursor", "SELECT txid, seq FROM consumers WHERE name = $1", db::Lane::change
};

db::Query const move_cursor{
    "move_cursor",
    "UPDATE consumers SET txid = $2::xid8, seq = $3::bigint, updated_at = now() WHERE name = $1",
    db::Lane::change
};

db::Query const set_event_aside{
    "set_event_aside",
    "INSERT INTO consumer_failures (consumer, txid, seq, error, attempts) "
    "VALUES ($1, $2::xid8, $3::bigint, $4, $5::int) ON CONFLICT DO NOTHING",
    db::Lane::change
};

db::Query const roll_back{"roll_back", "ROLLBACK", db::Lane::change};

db::Params cursor_params(std::string_view name, Offset offset) {
    return db::Params{name, std::to_string(offset.txid), std::to_string(offset.seq)};
}

}  // namespace

Consumer::Consumer(
    asio::any_io_executor executor, db::Pool& pool, ConsumerSpec spec, metrics::Registry& registry
)
    : pool_{pool},
      spec_{spec},
      timer_{executor},
      lag_{registry.gauge(lag_seconds, spec.name)},
      leader_{registry.gauge(is_leader, spec.name)},
      applied_{registry.counter(applied_total, spec.name)},
      failed_{registry.counter(set_aside_total, spec.name)} {}

void Consumer::offer(std::vector<EventPtr> const& events) {
    backlog_.append(events);
    wake();
}

void Consumer::wake() {
    woken_ = true;
    timer_.cancel();
}

Task<> Consumer::pause(std::chrono::milliseconds duration) {
    if (woken_) co_return;
    timer_.expires_after(duration);
    co_await timer_.async_wait(as_result);
}

Task<> Consumer::elect(db::Session& session) {
    leader_.set(0);
    for (;;) {
        db::Rows const rows = co_await session.run(elect_consumer, db::Params{spec_.name});
        if (rows.front().get<bool>(0)) break;
        co_await sleep_for(election_interval);
    }
    leader_.set(1);
}

Task<Offset> Consumer::load_cursor(db::Session& session) {
    co_await session.run(create_cursor, db::Params{spec_.name});
    db::Rows const rows = co_await session.run(read_cursor, db::Params{spec_.name});
    db::Row const row = rows.front();
    co_return Offset{row.get<std::uint64_t>(0), row.get<std::uint64_t>(1)};
}

Task<std::string> Consumer::try_batch(db::Session& session, std::span<EventPtr const> events) {
    std::string why;
    try {
        co_await session.begin();
        co_await spec_.apply(session, events);
        co_await session.run(move_cursor, cursor_params(spec_.name, events.back()->offset));
        co_await session.commit();
        applied_.add(events.size());
        co_return why;
    } catch (db::ConnectionLost const&) {
        throw;  // Not the events' fault: elected and read again.
    } catch (boost::system::system_error const&) {
        throw;  // Cancelled.
    } catch (std::exception const& error) {
        why = error.what();
    }
    co_await session.run(roll_back);
    co_return why;
}

Task<> Consumer::set_aside(
    db::Session& session, StoredEvent const& event, std::string const& error
) {
    log::error(
        "event_set_aside",
        {{"consumer", spec_.name}, {"event", event.id}, {"type", event.type}, {"error", error}}
    );
    db::Params params = cursor_params(spec_.name, event.offset);
    params.add(error).add(attempts_max);
    co_await session.begin();
    co_await session.run(set_event_aside, std::move(params));
    co_await session.run(move_cursor, cursor_params(spec_.name, event.offset));
    co_await session.commit();
    failed_.add();
}

Task<> Consumer::apply_singly(db::Session& session, std::span<EventPtr const> events) {
    for (std::size_t i = 0; i < events.size(); ++i) {
        std::chrono::milliseconds delay{20};
        for (int attempt = 1;; ++attempt) {
            std::string const why = co_await try_batch(session, events.subspan(i, 1));
            if (why.empty()) break;
            if (attempt == attempts_max) {
                co_await set_aside(session, *events[i], why);
                break;
            }
            co_await sleep_for(delay);
            delay *= 3;
        }
    }
}

Task<> Consumer::run() {
    db::Session session = co_await pool_.session();
    co_await prepare_tail(session);
    co_await elect(session);
    Offset cursor = co_await load_cursor(session);
    for (;;) {
        woken_ = false;
        auto events = backlog_.take_after(cursor, batch_max);
        if (events.empty()) events = co_await read_after(session, cursor, batch_max);
        if (events.empty()) {
            lag_.set(0);
            co_await pause(poll_interval);
            continue;
        }
        auto const age = SystemClock{}.now() - events.front()->created_at;
        lag_.set(std::chrono::duration<double>(age).count());
        std::string const why = co_await try_batch(session, events);
        if (!why.empty()) co_await apply_singly(session, events);
        cursor = events.back()->offset;
        bool const caught_up = events.size() < static_cast<std::size_t>(batch_max);
        if (caught_up) co_await sleep_for(min_interval);
    }
}

}  // namespace showrunner::events
