#include "events/tail.hpp"

namespace showrunner::events {

namespace {

constexpr metrics::Spec events_total{
    "showrunner_ledger_events_total",
    metrics::Kind::counter,
    "Events read from the ledger's end by this node."
};
constexpr metrics::Spec ledger_lag{
    "showrunner_ledger_lag_seconds",
    metrics::Kind::histogram,
    "Time from recording an event to handing it to this node's sockets and caches."
};

}  // namespace

Tail::Tail(asio::any_io_executor executor, db::Pool& pool, metrics::Registry& registry)
    : pool_{pool},
      timer_{executor},
      delivered_{registry.counter(events_total)},
      lag_{registry.histogram(ledger_lag)} {}

void Tail::add_sink(Sink sink) {
    sinks_.push_back(std::move(sink));
}

void Tail::wake() {
    woken_ = true;
    retries_ = 20;
    timer_.cancel();
}

Task<> Tail::start() {
    position_ = co_await read_end(pool_);
}

Task<> Tail::wait() {
    // What woke us may still be hidden behind an older transaction: look again soon, for a while.
    auto const delay = retries_ > 0 ? min_interval : poll_interval;
    if (retries_ > 0) --retries_;
    if (woken_) co_return;
    timer_.expires_after(delay);
    co_await timer_.async_wait(as_result);
}

Task<> Tail::run() {
    db::Session session = co_await pool_.session();
    co_await prepare_tail(session);
    for (;;) {
        woken_ = false;
        auto const events = co_await read_after(session, position_, batch_max);
        if (events.empty()) {
            co_await wait();
            continue;
        }
        position_ = events.back()->offset;
        delivered_.add(events.size());
        auto const now = SystemClock{}.now();
        for (EventPtr const& event : events) {
            lag_.observe(std::chrono::duration<double>(now - event->created_at).count());
        }
        for (Sink const& sink : sinks_) sink(events);
        if (events.size() < static_cast<std::size_t>(batch_max)) co_await sleep_for(min_interval);
    }
}

}  // namespace showrunner::events
