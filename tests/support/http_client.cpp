#include "support/http_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <stdexcept>

namespace showrunner::test {

namespace {

namespace asio = boost::asio;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

HttpResponse parse(std::string const& raw) {
    HttpResponse response;
    auto const end = raw.find("\r\n\r\n");
    if (end == std::string::npos) throw std::runtime_error{"no HTTP answer"};
    response.status = std::stoi(raw.substr(raw.find(' ') + 1, 3));
    std::size_t at = raw.find("\r\n") + 2;
    while (at < end) {
        std::size_t const line_end = raw.find("\r\n", at);
        std::string const line = raw.substr(at, line_end - at);
        auto const colon = line.find(':');
        response.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
        at = line_end + 2;
    }
    response.body = raw.substr(end + 4);
    return response;
}

}  // namespace

HttpResponse send(std::string_view url, HttpRequest const& request) {
    std::string_view const authority = url.substr(url.find("//") + 2);
    auto const colon = authority.rfind(':');
    asio::io_context io;
    asio::ip::tcp::socket socket{io};
    auto const port =
        static_cast<unsigned short>(std::stoi(std::string{authority.substr(colon + 1)}));
    socket.connect({asio::ip::make_address(std::string{authority.substr(0, colon)}), port});
    std::string out = request.method + " " + request.path +
                      " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    for (auto const& [name, value] : request.headers) out += name + ": " + value + "\r\n";
    if (!request.body.empty() || request.method == "POST") {
        out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    out += "\r\n" + request.body;
    boost::system::error_code error;
    // A server that refuses early closes while we still write: its answer is what counts.
    asio::write(socket, asio::buffer(out), error);
    std::string raw;
    asio::read(socket, asio::dynamic_buffer(raw), error);
    return parse(raw);
}

}  // namespace showrunner::test
