// Drives libcurl's multi handle on the event loop: libcurl says which sockets it waits for and when
// it wants to be called; Asio says when they are ready. Also counts the requests under way.
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "client/http.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace showrunner::client {

class Transfer;

class Loop : public std::enable_shared_from_this<Loop> {
public:
    Loop(asio::any_io_executor executor, metrics::Registry& registry, Limits limits);
    ~Loop();
    Loop(Loop const&) = delete;
    Loop& operator=(Loop const&) = delete;

    /// Ends everything: transfers end without a result, and nothing is counted any more.
    void close();

    void start(Transfer& transfer);
    /// Closes its connection when the transfer is not at its end.
    void stop(Transfer& transfer);

    void count(std::string_view outcome, std::chrono::steady_clock::time_point began);

    [[nodiscard]] asio::any_io_executor executor() const { return executor_; }

    /// A place among the requests under way, for as long as it exists.
    class Place {
    public:
        enum class Outcome : std::uint8_t { admitted, full, late };

        explicit Place(std::shared_ptr<Loop> loop)
            : loop_{std::move(loop)}, turn_{loop_->executor()} {}

        ~Place();
        Place(Place const&) = delete;
        Place& operator=(Place const&) = delete;

        /// Waits in line; throws operation_aborted when cancelled.
        [[nodiscard]] Task<Outcome> enter(std::chrono::steady_clock::time_point deadline);

    private:
        friend Loop;
        enum class State : std::uint8_t { outside, waiting, inside };

        std::shared_ptr<Loop> loop_;
        State state_ = State::outside;
        std::list<Place*>::iterator position_;  ///< while waiting
        asio::steady_timer turn_;
    };

private:
    /// One socket that libcurl owns, and what it waits for there.
    struct Watch {
        explicit Watch(asio::any_io_executor const& executor) : descriptor{executor} {}

        asio::posix::stream_descriptor descriptor;
        int wanted = CURL_POLL_NONE;
        bool reading = false;
        bool writing = false;
        bool removed = false;
    };

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* watch);
    static int on_timer(CURLM* multi, long timeout_ms, void* self);

    void watch(curl_socket_t socket, int wanted);
    void unwatch(curl_socket_t socket);
    void wait(std::shared_ptr<Watch> const& watch, asio::posix::descriptor_base::wait_type type);
    void wait_as_wanted(std::shared_ptr<Watch> const& watch);
    void act(curl_socket_t socket, int events);
    void collect();
    void leave();

    asio::any_io_executor executor_;
    metrics::Registry* registry_;
    metrics::Histogram* seconds_;
    Limits limits_;
    asio::steady_timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::unordered_map<CURL*, Transfer*> transfers_;
    std::size_t active_ = 0;
    std::list<Place*> waiting_;
    CURLM* multi_;  ///< null once closed
};

}  // namespace showrunner::client
