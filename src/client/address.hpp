// Which addresses a request that somebody else directs may reach. A webhook's URL comes from a
// user: without a filter it would be a way into the network that the server stands in.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <functional>

namespace showrunner::client {

/// Asked for every resolved address before it is connected to.
using AddressFilter = std::function<bool(boost::asio::ip::address const&)>;

/// True for a unicast address of the public internet: not loopback, private, shared, link-local,
/// unique local, multicast, reserved or for documentation, nor one of these inside an IPv6 address
/// (mapped, 6to4, NAT64).
[[nodiscard]] bool is_public(boost::asio::ip::address const& address);

/// For hosts that the operator has named.
[[nodiscard]] bool is_any(boost::asio::ip::address const& address);

}  // namespace showrunner::client
