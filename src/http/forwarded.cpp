#include "http/forwarded.hpp"

#include "http/grammar.hpp"

#include <algorithm>
#include <stdexcept>

namespace showrunner::http {

namespace ip = boost::asio::ip;

namespace {

/// All values of a repeated header as one list.
std::string joined(Headers const& headers, std::string_view wanted) {
    std::string list;
    for (auto const& [name, value] : headers) {
        if (!same_name(name, wanted)) continue;
        if (!list.empty()) list += ',';
        list += value;
    }
    return list;
}

}  // namespace

ip::address unmapped(ip::address const& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

TrustedProxies::TrustedProxies(std::vector<std::string> const& networks) {
    for (std::string const& text : networks) {
        boost::system::error_code bad;
        bool const is_network = text.find('/') != std::string::npos;
        bool const is_v6 = text.find(':') != std::string::npos;
        if (is_v6) {
            auto const network = ip::make_network_v6(is_network ? text : text + "/128", bad);
            if (!bad) v6_.push_back(network.canonical());
        } else {
            auto const network = ip::make_network_v4(is_network ? text : text + "/32", bad);
            if (!bad) v4_.push_back(network.canonical());
        }
        if (bad) {
            throw std::runtime_error{
                "trusted proxy \"" + text +
                "\" is neither an address nor a network such as 10.0.0.0/8"
            };
        }
    }
}

bool TrustedProxies::trusts(ip::address const& address) const {
    if (address.is_v4()) {
        return std::any_of(v4_.begin(), v4_.end(), [&](ip::network_v4 const& network) {
            ip::network_v4 const of_address{address.to_v4(), network.prefix_length()};
            return of_address.canonical() == network;
        });
    }
    return std::any_of(v6_.begin(), v6_.end(), [&](ip::network_v6 const& network) {
        ip::network_v6 const of_address{address.to_v6(), network.prefix_length()};
        return of_address.canonical() == network;
    });
}

void TrustedProxies::apply(Request& request, ip::address const& peer) const {
    request.secure = false;
    if ((v4_.empty() && v6_.empty()) || !trusts(peer)) return;
    std::string const chain = joined(request.headers, "X-Forwarded-For");
    std::string_view rest = chain;
    while (!rest.empty()) {
        boost::system::error_code bad;
        auto const hop = ip::make_address(std::string{last_element(rest)}, bad);
        if (bad) break;
        ip::address const address = unmapped(hop);
        request.remote_address = address.to_string();
        if (!trusts(address)) break;
    }
    std::string const schemes = joined(request.headers, "X-Forwarded-Proto");
    std::string_view scheme = schemes;
    request.secure = last_element(scheme) == "https";
}

}  // namespace showrunner::http
