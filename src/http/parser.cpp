#include "http/parser.hpp"

#include "http/target.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace showrunner::http {

namespace beast = boost::beast;
using beast::error_code;

namespace {

constexpr Verb to_verb(beast::http::verb verb) {
    switch (verb) {
        case beast::http::verb::get:
            return Verb::get;
        case beast::http::verb::head:
            return Verb::head;
        case beast::http::verb::post:
            return Verb::post;
        case beast::http::verb::put:
            return Verb::put;
        case beast::http::verb::patch:
            return Verb::patch;
        case beast::http::verb::delete_:
            return Verb::del;
        case beast::http::verb::options:
            return Verb::options;
        default:
            return Verb::other;
    }
}

/// Collects one request. Not reusable (Beast's parser is not), but cheap to make anew.
class Machine final : public beast::http::basic_parser<true> {
public:
    Machine(Limits const& limits, Request& request) : request_{request}, limits_{limits} {
        header_limit(limits.header_bytes);
        // The limit is known only after Application::plan().
        body_limit(boost::none);
    }

    [[nodiscard]] std::optional<Error> const& failure() const { return failure_; }

    void fail(error_code const& ec) {
        if (failure_) return;
        if (ec == beast::http::error::header_limit) {
            refuse_header();
        } else if (ec == beast::http::error::body_limit) {
            failure_.emplace(Code::too_large, "the body is too large");
        } else {
            failure_.emplace(Code::malformed, "the request is malformed: " + ec.message());
        }
    }

    void refuse_header() {
        if (request_.target.empty()) {
            failure_.emplace(Code::target_too_long, "the request target is too long");
        } else {
            failure_.emplace(Code::headers_too_large, "the request headers are too large");
        }
    }

    std::string* body = nullptr;
    bool http_1_0 = false;
    bool websocket = false;
    bool expects_continue = false;

private:
    void refuse(error_code& ec, char const* why) {
        failure_.emplace(Code::malformed, why);
        ec = beast::http::error::bad_value;
    }

    void on_request_impl(
        beast::http::verb verb,
        beast::string_view,
        beast::string_view target,
        int version,
        error_code& ec
    ) override {
        http_1_0 = version == 10;
        request_.method = to_verb(verb);
        if (target.size() > limits_.target_bytes) {
            ec = beast::http::error::header_limit;
            return;
        }
        request_.target.assign(target.data(), target.size());
    }

    void on_response_impl(int, beast::string_view, int, error_code&) override {}

    void on_field_impl(
        beast::http::field field, beast::string_view name, beast::string_view value, error_code& ec
    ) override {
        using beast::http::field;
        if (header_complete_) return;  // A trailer: nobody asked for it.
        switch (field) {
            case field::host:
                if (++hosts_ > 1) refuse(ec, "more than one Host header");
                break;
            case field::content_length:
                // Beast takes `3, 3`; what stands before us may not.
                if (++lengths_ > 1 || value.find(',') != value.npos) {
                    refuse(ec, "more than one Content-Length");
                }
                break;
            case field::transfer_encoding:
                if (http_1_0 || !beast::iequals(value, "chunked")) {
                    refuse(ec, "the only Transfer-Encoding understood is chunked");
                }
                break;
            case field::expect:
                expects_continue = !http_1_0 && beast::iequals(value, "100-continue");
                break;
            case field::upgrade:
                websocket = beast::http::token_list{value}.exists("websocket");
                break;
            default:
                break;
        }
        request_.headers.add({name.data(), name.size()}, std::string{value.data(), value.size()});
    }

    void on_header_impl(error_code& ec) override {
        header_complete_ = true;
        if (!http_1_0 && hosts_ == 0) return refuse(ec, "the Host header is missing");
        if (!http::parse_target(request_)) return refuse(ec, "the request target is malformed");
    }

    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}

    std::size_t on_body_impl(beast::string_view bytes, error_code&) override {
        if (body != nullptr) body->append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code& ec)
        override {
        return on_body_impl(bytes, ec);
    }

    void on_finish_impl(error_code&) override {}

    Request& request_;
    Limits const& limits_;
    std::optional<Error> failure_;
    unsigned hosts_ = 0;
    unsigned lengths_ = 0;
    bool header_complete_ = false;
};

}  // namespace

struct RequestParser::State {
    explicit State(Limits const& limits_) : limits{limits_} {}

    Limits const& limits;
    std::optional<Machine> machine;
    std::size_t header_bytes = 0;  ///< used up so far

    /// Beast bounds only what it has not used up yet: many short headers would get past it.
    bool within_header_limit(std::size_t used, std::size_t left) {
        header_bytes += used;
        bool const complete = machine->is_header_done();
        return header_bytes + (complete ? 0 : left) <= limits.header_bytes;
    }
};

RequestParser::RequestParser(Limits const& limits) : state_{std::make_unique<State>(limits)} {}

RequestParser::~RequestParser() = default;

void RequestParser::start(Request& request) {
    state_->machine.emplace(state_->limits, request);
    state_->header_bytes = 0;
}

std::size_t RequestParser::put(std::string_view bytes, std::string* body) {
    Machine& machine = *state_->machine;
    machine.body = body;
    bool const in_header = !machine.is_header_done();
    error_code ec;
    std::size_t const used = machine.put(boost::asio::const_buffer{bytes.data(), bytes.size()}, ec);
    if (in_header && !state_->within_header_limit(used, bytes.size() - used)) {
        machine.fail(beast::http::error::header_limit);
    } else if (ec == beast::http::error::need_more) {
        // A chunk header or trailer has no limit of its own in Beast.
        bool const too_long = bytes.size() - used >= state_->limits.header_bytes;
        if (too_long) machine.fail(beast::http::error::header_limit);
    } else if (ec) {
        machine.fail(ec);
    }
    // From here on the parser need not stop at each chunk.
    if (in_header && machine.is_header_done()) machine.eager(true);
    return used;
}

std::optional<Error> const& RequestParser::failure() const {
    return state_->machine->failure();
}

bool RequestParser::header_done() const {
    return state_->machine->is_header_done();
}

bool RequestParser::done() const {
    return state_->machine->is_done();
}

bool RequestParser::keep_alive() const {
    return state_->machine->keep_alive();
}

bool RequestParser::http_1_0() const {
    return state_->machine->http_1_0;
}

bool RequestParser::wants_websocket() const {
    return state_->machine->websocket && state_->machine->upgrade();
}

bool RequestParser::expects_continue() const {
    return state_->machine->expects_continue;
}

bool RequestParser::chunked() const {
    return state_->machine->chunked();
}

std::uint64_t RequestParser::remaining() const {
    auto const left = state_->machine->content_length_remaining();
    return left.has_value() ? *left : 0;
}

void RequestParser::limit_body(std::uint64_t bytes) {
    state_->machine->body_limit(bytes);
}

}  // namespace showrunner::http
