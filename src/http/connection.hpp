// One client connection: a coroutine that reads a request, has it answered and writes the answer,
// one after the other. It sets no timer; Context::sweep() looks at its deadline.
#pragma once

#include "http/context.hpp"
#include "http/parser.hpp"
#include "http/read_buffer.hpp"
#include "http/server.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace showrunner::http {

class Connection final : public std::enable_shared_from_this<Connection> {
public:
    using Socket = boost::asio::ip::tcp::socket;

    /// Serves `socket` until it closes; beyond the limit of connections it is told so instead.
    static void start(std::shared_ptr<Context> context, Socket socket);

    Connection(std::shared_ptr<Context> context, Socket socket);
    ~Connection();
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    /// Enforces the deadline, and starts to watch for a client that leaves a slow handler.
    void sweep();
    /// Closes an idle connection; any other finishes its request first.
    void drain();
    /// Cancels the handler; its client is told that the server stops.
    void stop();
    /// Gives up on the client.
    void abort();

private:
    friend struct Context;
    class BodyStream;

    enum class Phase : std::uint8_t { idle, header, body, handler, write, linger };
    enum class Stop : std::uint8_t { none, deadline, client_gone, server_stops };
    enum class Head : std::uint8_t { complete, refused, none };
    enum class After : std::uint8_t { keep_alive, close };

    // connection.cpp: the loop, its beginning and its end
    static Task<> run(std::shared_ptr<Connection> self);
    Task<Head> read_head();
    void parse_head();
    void identify();
    bool hand_over();
    Task<> linger();

    // body.cpp: the request's body
    Task<std::optional<Error>> expect_body();
    bool take_body(std::string* into, std::size_t most);
    Task<bool> receive_body();
    bool account_body();
    void forget_body();
    Error body_failure();
    Task<std::optional<Error>> read_body();
    Task<bool> discard_body();

    // exchange.cpp: one request and its answer
    Task<After> exchange();
    Task<Response> answer();
    Task<Response> serve();
    std::optional<Error> plan();
    Error stopped();
    Response refuse(Error const& error);
    Task<After> respond(Response response);
    [[nodiscard]] After after(Response const& response) const;
    bool client_may_send();

    // send.cpp: the answer's way to the client
    [[nodiscard]] std::chrono::milliseconds write_allowance(
        std::chrono::steady_clock::time_point started, std::uint64_t written
    ) const;
    [[nodiscard]] std::chrono::milliseconds write_limit() const;
    Task<bool> write(std::string_view body);
    Task<bool> send(std::shared_ptr<BodySource> source, std::uint64_t bytes);
    Task<bool> send_from(BodySource& source, std::uint64_t bytes);
    Task<bool> send_file(BodySource& source, FileSpan span, std::uint64_t bytes);
    Task<bool> send_piece(FileSpan span, std::size_t bytes, std::uint64_t sent_before);

    // watch.cpp: deadlines and cancellation
    void enter(Phase phase, std::chrono::milliseconds limit);
    void expire();
    void watch();
    void on_readable();
    void cancel_handler(Stop why);
    [[nodiscard]] bool client_hung_up() const;

    std::shared_ptr<Context> const context_;
    std::size_t index_ = 0;  ///< in Context::connections
    Socket socket_;
    boost::asio::ip::address peer_;
    std::string peer_text_;
    std::shared_ptr<asio::cancellation_signal> const cancel_;

    ReadBuffer buffer_;
    RequestParser parser_;
    Request request_;
    Plan plan_;
    std::string out_;
    std::uint64_t body_bytes_ = 0;  ///< of the request's body that have arrived
    std::chrono::steady_clock::duration body_waited_{};
    std::uint64_t body_accounted_ = 0;  ///< our share of Context::body_bytes

    std::chrono::steady_clock::time_point deadline_;
    std::chrono::steady_clock::time_point sending_since_;
    Phase phase_ = Phase::idle;
    Stop stop_ = Stop::none;
    bool handling_ = false;    ///< between the start and the end of Application::serve()
    bool must_close_ = false;  ///< this answer is the last one
    bool expired_ = false;     ///< the deadline passed in this phase
    bool linger_ = false;      ///< the client may still be sending
    bool watching_ = false;    ///< a wait for readability is outstanding
    bool data_waits_ = false;  ///< bytes that are not ours to read hide the end of the stream
};

}  // namespace showrunner::http
