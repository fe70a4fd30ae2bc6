#include "events/signals.hpp"

#include "base/id.hpp"

namespace showrunner::events {

namespace {

constexpr metrics::Spec signals_total{
    "showrunner_signals_total",
    metrics::Kind::counter,
    "Hints between processes, by what became of them: sent, received or dropped.",
    "outcome"
};

db::Query const listen_query{
    .name = "listen_signals", .text = "LISTEN showrunner", .lane = db::Lane::change
};
db::Query const notify_query{
    .name = "notify_signals",
    .text = "SELECT pg_notify('showrunner', message) FROM unnest($1::text[]) AS message",
    .lane = db::Lane::change
};
db::Query const keep_alive_query{
    .name = "keep_listening", .text = "SELECT 1", .lane = db::Lane::change
};

/// A listener that has not noticed that its connection died hears nothing.
constexpr std::chrono::seconds keep_alive_interval{5};

}  // namespace

Signals::Signals(asio::any_io_executor executor, db::Pool& pool, metrics::Registry& registry)
    : pool_{pool},
      sender_{random_token(9)},
      timer_{executor},
      sent_{registry.counter(signals_total, "sent")},
      received_{registry.counter(signals_total, "received")},
      dropped_{registry.counter(signals_total, "dropped")} {}

void Signals::on(std::string topic, Handler handler) {
    handlers_[std::move(topic)].push_back(std::move(handler));
}

void Signals::hand_out(std::string_view topic, std::string_view payload) const {
    auto const [first, last] = waiters_.equal_range(topic);
    for (auto waiter = first; waiter != last; ++waiter) waiter->second->cancel();
    auto const found = handlers_.find(topic);
    if (found == handlers_.end()) return;
    for (Handler const& handler : found->second) handler(payload);
}

Task<> Signals::wait(std::string topic, std::chrono::milliseconds at_most) {
    asio::steady_timer timer{timer_.get_executor(), at_most};

    struct Place {
        std::multimap<std::string, asio::steady_timer*, std::less<>>& waiters;
        std::multimap<std::string, asio::steady_timer*, std::less<>>::iterator at;

        ~Place() { waiters.erase(at); }
    };

    Place const place{waiters_, waiters_.emplace(std::move(topic), &timer)};
    co_await timer.async_wait(as_result);
}

void Signals::send(std::string_view topic, std::string_view payload) {
    hand_out(topic, payload);
    std::string message = fmt::format("{} {} {}", sender_, topic, payload);
    if (waiting_.size() >= waiting_max || message.size() > bytes_max) return dropped_.add();
    waiting_.insert(std::move(message));
    timer_.cancel();
}

void Signals::receive(std::string_view message) const {
    auto const sender = message.substr(0, message.find(' '));
    if (sender == sender_ || sender.size() == message.size()) return;
    message.remove_prefix(sender.size() + 1);
    auto const topic = message.substr(0, message.find(' '));
    received_.add();
    hand_out(topic, message.substr(std::min(topic.size() + 1, message.size())));
}

Task<> Signals::run() {
    for (;;) {
        waiting_.merge(sending_);  // Those of a statement that failed.
        sending_.clear();
        while (waiting_.empty()) {
            timer_.expires_at(std::chrono::steady_clock::time_point::max());
            co_await timer_.async_wait(as_result);
        }
        sending_ = std::exchange(waiting_, {});
        std::vector<std::string> const messages{sending_.begin(), sending_.end()};
        co_await pool_.run(notify_query, db::Params{messages});
        sent_.add(messages.size());
        sending_.clear();
    }
}

Task<> Signals::listen() {
    db::Session session = co_await pool_.session();
    session.on_notification([this](std::string_view message) { receive(message); });
    co_await session.run(listen_query);
    for (;;) {
        co_await sleep_for(keep_alive_interval);
        co_await session.run(keep_alive_query);
    }
}

}  // namespace showrunner::events
