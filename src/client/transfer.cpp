#include "client/transfer.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace showrunner::client {

namespace {

constexpr std::size_t header_bytes_max = 65'536;
constexpr std::size_t url_bytes_max = 8'192;
/// What a streamed answer may be ahead of its reader, and one more piece of libcurl's.
constexpr std::size_t streamed_bytes_max = 256UL * 1024;
constexpr std::string_view user_agent = "showrunner/" SHOWRUNNER_VERSION;

struct Verdict {
    CURLcode code;
    std::string_view token;
    std::string_view text;
};

constexpr std::array verdicts{
    Verdict{CURLE_OPERATION_TIMEDOUT, "TIMEOUT", "the other server did not answer in time"},
    Verdict{CURLE_COULDNT_CONNECT, "CONNECT_FAILED", "the other server does not take connections"},
    Verdict{CURLE_COULDNT_RESOLVE_HOST, "NAME_UNRESOLVED", "the other server's name is unknown"},
    Verdict{CURLE_SSL_CONNECT_ERROR, "TLS_FAILED", "no secure connection to the other server"},
    Verdict{
        CURLE_PEER_FAILED_VERIFICATION, "TLS_FAILED", "the other server's certificate is not valid"
    },
    Verdict{CURLE_SSL_CACERT_BADFILE, "TLS_FAILED", "no secure connection to the other server"},
    Verdict{CURLE_GOT_NOTHING, "CONNECTION_LOST", "the other server closed without an answer"},
    Verdict{CURLE_PARTIAL_FILE, "CONNECTION_LOST", "the other server closed within its answer"},
    Verdict{CURLE_RECV_ERROR, "CONNECTION_LOST", "the connection to the other server broke"},
    Verdict{CURLE_SEND_ERROR, "CONNECTION_LOST", "the connection to the other server broke"},
    Verdict{CURLE_TOO_MANY_REDIRECTS, "TOO_MANY_REDIRECTS", "the other server redirects too often"},
};

Error unavailable(std::string_view token, std::string_view text) {
    return Error{Code::unavailable, token, std::string{text}};
}

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        char const lower = to_lower(c);
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) {
        auto const byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

/// What libcurl writes itself, from the body.
bool is_framing(std::string_view name) {
    return same_without_case(name, "Content-Length") ||
           same_without_case(name, "Transfer-Encoding");
}

bool takes_body(Request const& request) {
    std::string_view const method = request.method;
    return !request.content().empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

bool has_header(Request const& request, std::string_view name) {
    return std::ranges::any_of(request.headers, [&](auto const& header) {
        return same_without_case(header.first, name);
    });
}

/// Nothing for what is neither IPv4 nor IPv6.
std::optional<asio::ip::address> address_of(curl_sockaddr const& from) {
    sockaddr_storage storage{};
    std::memcpy(&storage, &from.addr, std::min<std::size_t>(from.addrlen, sizeof storage));
    if (from.family == AF_INET) {
        auto const& v4 = reinterpret_cast<sockaddr_in const&>(storage);
        return asio::ip::address_v4{ntohl(v4.sin_addr.s_addr)};
    }
    if (from.family != AF_INET6) return std::nullopt;
    auto const& v6 = reinterpret_cast<sockaddr_in6 const&>(storage);
    asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6{bytes, v6.sin6_scope_id};
}

}  // namespace

std::optional<Error> refusal_of(Request const& request) {
    std::string const scheme = to_lower(std::string_view{request.url}.substr(0, 8));
    bool const known = scheme.starts_with("http://") || scheme == "https://";
    if (!known || request.url.size() > url_bytes_max || has_control(request.url)) {
        return Error{Code::invalid, "URL_INVALID", "must be an http or https URL"};
    }
    Error bad{Code::invalid, "REQUEST_INVALID", "a method or header cannot be sent"};
    if (!is_token(request.method)) return bad;
    for (auto const& [name, value] : request.headers) {
        if (!is_token(name) || has_control(value) || is_framing(name)) return bad;
    }
    return std::nullopt;
}

Transfer::Transfer(
    std::shared_ptr<Loop> loop, Request request, std::chrono::milliseconds timeout, Body body
)
    : loop_{std::move(loop)},
      request_{std::move(request)},
      body_{body},
      done_{loop_->executor(), asio::steady_timer::time_point::max()},
      easy_{curl_easy_init()} {
    if (!easy_) throw std::runtime_error{"libcurl has no handle"};
    if (!request_.allow) request_.allow = is_public;
    set_up(timeout);
}

Transfer::~Transfer() {
    loop_->stop(*this);
}

template <typename Value>
void Transfer::set(CURLoption option, Value value) {
    if (curl_easy_setopt(easy_.get(), option, value) == CURLE_OK) return;
    throw std::runtime_error{"libcurl refuses option " + std::to_string(option)};
}

void Transfer::set_up(std::chrono::milliseconds timeout) {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    // A signature covers the path as it is written: `..` and `//` stay.
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_USERAGENT, user_agent.data());
    set_method();
    set_headers();
    set_network(timeout);
    if (request_.redirects_max > 0) {
        set(CURLOPT_FOLLOWLOCATION, 1L);
        set(CURLOPT_MAXREDIRS, static_cast<long>(request_.redirects_max));
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    }
    set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(CURLOPT_WRITEDATA, this);
}

void Transfer::set_method() {
    std::string_view const method = request_.method;
    if (method == "HEAD") return set(CURLOPT_NOBODY, 1L);
    if (takes_body(request_)) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.content().size()));
        set(CURLOPT_POSTFIELDS, request_.content().data());
        if (method != "POST") set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    } else if (method != "GET") {
        set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
}

void Transfer::append_header(std::string const& line) {
    curl_slist* const list = curl_slist_append(headers_.get(), line.c_str());
    if (list == nullptr) throw std::bad_alloc{};
    if (headers_.get() != list) headers_.reset(list);  // Appending keeps the first entry.
}

void Transfer::set_headers() {
    // A name with nothing after the colon takes out what libcurl would send by itself.
    append_header("Expect:");
    if (takes_body(request_) && !has_header(request_, "Content-Type")) {
        append_header("Content-Type:");
    }
    for (auto const& [name, value] : request_.headers) {
        append_header(fmt::format("{}{}{}", name, value.empty() ? ";" : ": ", value));
    }
    set(CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::set_network(std::chrono::milliseconds timeout) {
    // A streamed answer takes as long as its reader does.
    if (body_ == Body::collected) set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    auto const connect = std::min(request_.connect_timeout, timeout);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_PROXY, "");  // Not the environment's.
    set(CURLOPT_NOSIGNAL, 1L);
    // Without it, abandoning a transfer blocks until the resolver's thread has an answer.
    set(CURLOPT_QUICK_EXIT, 1L);
    // The filter is asked where a connection is opened, and again where one is used: a kept
    // connection may have been opened by a request with a wider filter.
    set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
    set(CURLOPT_OPENSOCKETDATA, this);
    set(CURLOPT_PREREQFUNCTION, &Transfer::on_ready);
    set(CURLOPT_PREREQDATA, this);
}

curl_socket_t Transfer::on_open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    auto const ip = address_of(*address);
    if (!ip || !transfer.request_.allow(*ip)) {
        transfer.forbidden_ = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Transfer::on_ready(
    void* self, char* peer, char* /*local*/, int /*peer_port*/, int /*local_port*/
) {
    auto& transfer = *static_cast<Transfer*>(self);
    boost::system::error_code failed;
    asio::ip::address const ip = asio::ip::make_address(peer, failed);
    if (!failed && transfer.request_.allow(ip)) return CURL_PREREQFUNC_OK;
    transfer.forbidden_ = true;
    return CURL_PREREQFUNC_ABORT;
}

std::size_t Transfer::on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.add_header({data, size}) ? size : 0;
}

bool Transfer::add_header(std::string_view line) {
    if (line.starts_with("HTTP/"
        )) {  // Those of an interim answer or a redirect are not the answer's.
        response_.headers.clear();
        header_bytes_ = 0;
    }
    if (line == "\r\n" || line == "\n") note_head();
    header_bytes_ += line.size();
    if (header_bytes_ > header_bytes_max) {
        too_large_ = true;
        return false;
    }
    auto const colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with("HTTP/")) return true;
    constexpr std::string_view space = " \t\r\n";
    std::string_view value = line.substr(colon + 1);
    auto const first = value.find_first_not_of(space);
    value = first == std::string_view::npos
                ? std::string_view{}
                : value.substr(first, value.find_last_not_of(space) - first + 1);
    response_.headers.emplace_back(to_lower(line.substr(0, colon)), value);
    return true;
}

std::size_t Transfer::on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    std::string& body = transfer.response_.body;
    if (transfer.body_ == Body::streamed) {
        transfer.paused_ = body.size() >= streamed_bytes_max;
        if (transfer.paused_) return CURL_WRITEFUNC_PAUSE;
        body.append(data, size);
        transfer.done_.cancel();
        return size;
    }
    if (size > transfer.request_.response_bytes_max - body.size()) {
        transfer.too_large_ = true;
        return 0;
    }
    body.append(data, size);
    return size;
}

asio::steady_timer& Transfer::start() {
    loop_->start(*this);
    return done_;
}

void Transfer::note_head() {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) return;  // An interim answer.
    response_.status = static_cast<unsigned>(status);
    has_head_ = true;
    if (body_ == Body::streamed) done_.cancel();
}

std::string Transfer::take_chunk() {
    std::string chunk = std::exchange(response_.body, {});
    if (std::exchange(paused_, false)) curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    return chunk;
}

void Transfer::end(std::optional<CURLcode> result) {
    result_ = result;
    ended_ = true;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<unsigned>(status);
    done_.expires_at(asio::steady_timer::time_point::min());  // Also for who has yet to wait.
}

std::optional<Error> Transfer::failure() const {
    if (!result_) throw boost::system::system_error{asio::error::operation_aborted};
    if (result_ == CURLE_OK) return std::nullopt;
    if (too_large_) return unavailable("TOO_LARGE", "the other server's answer is too large");
    bool const kept_away = result_ == CURLE_COULDNT_CONNECT || result_ == CURLE_ABORTED_BY_CALLBACK;
    if (forbidden_ && kept_away) {
        return unavailable("ADDRESS_FORBIDDEN", "the other server's address is not a public one");
    }
    if (result_ == CURLE_URL_MALFORMAT) {
        return Error{Code::invalid, "URL_INVALID", "must be an http or https URL"};
    }
    for (Verdict const& verdict : verdicts) {
        if (verdict.code == result_) return unavailable(verdict.token, verdict.text);
    }
    return unavailable("REQUEST_FAILED", "the other server could not be asked");
}

}  // namespace showrunner::client
