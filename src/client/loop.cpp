#include "client/loop.hpp"

#include "client/transfer.hpp"

#include <utility>

namespace showrunner::client {

namespace {

/// Once a process, before the first handle.
CURLM* make_multi() {
    static CURLcode const ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM* const multi = ready == CURLE_OK ? curl_multi_init() : nullptr;
    if (multi == nullptr) throw std::runtime_error{"libcurl does not start"};
    return multi;
}

}  // namespace

Loop::Loop(asio::any_io_executor executor, metrics::Registry& registry, Limits limits)
    : executor_{std::move(executor)},
      registry_{&registry},
      seconds_{&registry.histogram(seconds_spec)},
      limits_{limits},
      timer_{executor_},
      multi_{make_multi()} {
    registry.declare(requests_spec);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    auto const connections_max = static_cast<long>(limits_.active_max + limits_.idle_max);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, connections_max);
}

Loop::~Loop() {
    close();
}

void Loop::close() {
    if (multi_ == nullptr) return;
    for (Place* const place : std::exchange(waiting_, {})) {
        place->state_ = Place::State::outside;
        place->turn_.cancel();
    }
    for (auto const& [easy, transfer] : std::exchange(transfers_, {})) {
        curl_multi_remove_handle(multi_, easy);
        transfer->end(std::nullopt);
    }
    curl_multi_cleanup(multi_);
    multi_ = nullptr;
    while (!watches_.empty()) unwatch(watches_.begin()->first);
    timer_.cancel();
}

void Loop::start(Transfer& transfer) {
    bool const added =
        multi_ != nullptr && curl_multi_add_handle(multi_, transfer.easy()) == CURLM_OK;
    if (!added) return transfer.end(CURLE_FAILED_INIT);
    transfers_.emplace(transfer.easy(), &transfer);
}

void Loop::stop(Transfer& transfer) {
    if (transfers_.erase(transfer.easy()) > 0) curl_multi_remove_handle(multi_, transfer.easy());
}

void Loop::count(std::string_view outcome, std::chrono::steady_clock::time_point began) {
    if (multi_ == nullptr) return;  // Where it was counted may be gone.
    registry_->counter(requests_spec, outcome).add();
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
    seconds_->observe(took.count());
}

// ---------------------------------------------------------------- places

Loop::Place::~Place() {
    if (state_ == State::waiting) loop_->waiting_.erase(position_);
    if (state_ == State::inside) loop_->leave();
}

Task<Loop::Place::Outcome> Loop::Place::enter(std::chrono::steady_clock::time_point deadline) {
    if (loop_->active_ < loop_->limits_.active_max) {
        ++loop_->active_;
        state_ = State::inside;
        co_return Outcome::admitted;
    }
    if (loop_->waiting_.size() >= loop_->limits_.waiting_max) co_return Outcome::full;
    position_ = loop_->waiting_.insert(loop_->waiting_.end(), this);
    state_ = State::waiting;
    turn_.expires_at(deadline);
    auto const [interrupted] = co_await turn_.async_wait(as_result);
    if (state_ == State::inside) co_return Outcome::admitted;
    if (interrupted) throw boost::system::system_error{asio::error::operation_aborted};
    co_return Outcome::late;
}

void Loop::leave() {
    if (waiting_.empty()) {
        --active_;
        return;
    }
    Place& next = *waiting_.front();
    waiting_.pop_front();
    next.state_ = Place::State::inside;
    next.turn_.cancel();
}

// ---------------------------------------------------------------- sockets and time

int Loop::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* /*watch*/) {
    auto& loop = *static_cast<Loop*>(self);
    if (what == CURL_POLL_REMOVE) {
        loop.unwatch(socket);
    } else {
        loop.watch(socket, what);
    }
    return 0;
}

int Loop::on_timer(CURLM* /*multi*/, long timeout_ms, void* self) {
    auto& loop = *static_cast<Loop*>(self);
    if (timeout_ms < 0) {
        loop.timer_.cancel();
        return 0;
    }
    // Never acts at once, even when asked to: libcurl may not be called from its own callbacks.
    loop.timer_.expires_after(std::chrono::milliseconds{timeout_ms});
    loop.timer_.async_wait([weak = loop.weak_from_this()](boost::system::error_code cancelled) {
        auto const alive = weak.lock();
        if (alive && !cancelled) alive->act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
}

void Loop::watch(curl_socket_t socket, int wanted) {
    auto& watch = watches_[socket];
    if (!watch) {
        watch = std::make_shared<Watch>(executor_);
        boost::system::error_code failed;
        watch->descriptor.assign(socket, failed);
        if (failed) {
            // Not watched, it makes no progress: the transfer ends by its time-out.
            watches_.erase(socket);
            return;
        }
    }
    watch->wanted = wanted;
    wait_as_wanted(watch);
}

void Loop::unwatch(curl_socket_t socket) {
    auto const found = watches_.find(socket);
    if (found == watches_.end()) return;
    found->second->removed = true;
    found->second->descriptor.release();  // libcurl closes it, or keeps the connection.
    watches_.erase(found);
}

void Loop::wait_as_wanted(std::shared_ptr<Watch> const& watch) {
    using Descriptor = asio::posix::descriptor_base;
    if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->reading) wait(watch, Descriptor::wait_read);
    if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->writing) {
        wait(watch, Descriptor::wait_write);
    }
}

void Loop::wait(std::shared_ptr<Watch> const& watch, asio::posix::descriptor_base::wait_type type) {
    bool const read = type == asio::posix::descriptor_base::wait_read;
    (read ? watch->reading : watch->writing) = true;
    auto ready = [weak = weak_from_this(), watch, read](boost::system::error_code failed) {
        (read ? watch->reading : watch->writing) = false;
        auto const loop = weak.lock();
        // A removed watch's socket may be closed, and its number be another connection's by now.
        if (!loop || watch->removed) return;
        int const events = read ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
        int const wish = read ? CURL_POLL_IN : CURL_POLL_OUT;
        if ((watch->wanted & wish) == 0) return;
        loop->act(watch->descriptor.native_handle(), failed ? CURL_CSELECT_ERR : events);
        if (!watch->removed) loop->wait_as_wanted(watch);
    };
    watch->descriptor.async_wait(type, std::move(ready));
}

void Loop::act(curl_socket_t socket, int events) {
    if (multi_ == nullptr) return;
    int running = 0;
    curl_multi_socket_action(multi_, socket, events, &running);
    collect();
}

void Loop::collect() {
    int left = 0;
    while (CURLMsg const* const message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode const result = message->data.result;  // Gone with the handle.
        auto const found = transfers_.find(message->easy_handle);
        if (found == transfers_.end()) continue;
        Transfer& transfer = *found->second;
        stop(transfer);
        transfer.end(result);
    }
}

}  // namespace showrunner::client
