// One request and its answer as a libcurl easy handle.
#pragma once

#include "base/error.hpp"
#include "base/task.hpp"
#include "client/loop.hpp"
#include "client/message.hpp"

#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace showrunner::client {

/// What is wrong with the request itself; nothing when it can be sent.
[[nodiscard]] std::optional<Error> refusal_of(Request const& request);

class Transfer {
public:
    /// Of the answer. A streamed one has no time-out of libcurl's.
    enum class Body : std::uint8_t { collected, streamed };

    /// `request` passed refusal_of(); `timeout` is what is left of its own.
    Transfer(
        std::shared_ptr<Loop> loop,
        Request request,
        std::chrono::milliseconds timeout,
        Body body = Body::collected
    );

    /// Abandons what is under way.
    ~Transfer();
    Transfer(Transfer const&) = delete;
    Transfer& operator=(Transfer const&) = delete;

    /// What ends when libcurl is done.
    [[nodiscard]] asio::steady_timer& start();

    /// Nothing when there is an answer; throws operation_aborted when the wait was cut short.
    [[nodiscard]] std::optional<Error> failure() const;

    [[nodiscard]] Response take() { return std::move(response_); }

    // Of a streamed answer; what start() gave is also cancelled when one of these has news.
    [[nodiscard]] bool has_head() const { return has_head_; }

    [[nodiscard]] bool has_bytes() const { return !response_.body.empty(); }

    [[nodiscard]] bool ended() const { return ended_; }

    /// Status and headers.
    [[nodiscard]] Response const& head() const { return response_; }

    /// The other side may send more.
    [[nodiscard]] std::string take_chunk();

    // For Loop:
    [[nodiscard]] CURL* easy() const { return easy_.get(); }

    /// By libcurl's verdict, or without one when the loop closes.
    void end(std::optional<CURLcode> result);

private:
    struct FreeEasy {
        void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    };

    struct FreeList {
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };

    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
    static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int on_ready(void* self, char* peer, char* local, int peer_port, int local_port);

    void set_up(std::chrono::milliseconds timeout);
    void set_method();
    void set_headers();
    void set_network(std::chrono::milliseconds timeout);
    template <typename Value>
    void set(CURLoption option, Value value);
    void append_header(std::string const& line);
    bool add_header(std::string_view line);
    void note_head();

    std::shared_ptr<Loop> loop_;
    Request request_;  ///< libcurl reads the body from here
    Body body_;
    Response response_;
    std::size_t header_bytes_ = 0;
    bool has_head_ = false;
    bool paused_ = false;
    bool ended_ = false;
    bool forbidden_ = false;
    bool too_large_ = false;
    std::optional<CURLcode> result_;
    asio::steady_timer done_;
    std::unique_ptr<curl_slist, FreeList> headers_;
    std::unique_ptr<CURL, FreeEasy> easy_;  ///< goes first: it refers to the rest
};

}  // namespace showrunner::client
