// Who the client is when a trusted reverse proxy stands in front.
#pragma once

#include "http/message.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace showrunner::http {

class TrustedProxies {
public:
    TrustedProxies() = default;
    /// Addresses or CIDR networks; throws std::runtime_error with a sentence for the operator.
    explicit TrustedProxies(std::vector<std::string> const& networks);

    /// Sets `remote_address` and `secure` of a request that came from `peer`: the right-most
    /// address of X-Forwarded-For that is not a trusted proxy itself.
    void apply(Request& request, boost::asio::ip::address const& peer) const;

    [[nodiscard]] bool trusts(boost::asio::ip::address const& address) const;

private:
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

/// An IPv4 address that came in through an IPv6 socket as what it is.
[[nodiscard]] boost::asio::ip::address unmapped(boost::asio::ip::address const& address);

}  // namespace showrunner::http
