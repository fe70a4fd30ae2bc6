#include "client/address.hpp"

#include <array>
#include <cstdint>

namespace showrunner::client {

namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

struct Block4 {
    std::array<std::uint8_t, 4> first;
    unsigned bits;
};

/// The IANA IPv4 special-purpose registry, as far as it is not globally reachable.
constexpr std::array blocks4{
    Block4{{0, 0, 0, 0}, 8},        // this network
    Block4{{10, 0, 0, 0}, 8},       // private
    Block4{{100, 64, 0, 0}, 10},    // shared by carriers
    Block4{{127, 0, 0, 0}, 8},      // loopback
    Block4{{169, 254, 0, 0}, 16},   // link-local; where clouds keep credentials
    Block4{{172, 16, 0, 0}, 12},    // private
    Block4{{192, 0, 0, 0}, 24},     // protocol assignments
    Block4{{192, 0, 2, 0}, 24},     // documentation
    Block4{{192, 88, 99, 0}, 24},   // 6to4 relays
    Block4{{192, 168, 0, 0}, 16},   // private
    Block4{{198, 18, 0, 0}, 15},    // benchmarks
    Block4{{198, 51, 100, 0}, 24},  // documentation
    Block4{{203, 0, 113, 0}, 24},   // documentation
    Block4{{224, 0, 0, 0}, 3},      // multicast, reserved, broadcast
};

struct Block6 {
    std::array<std::uint8_t, 4> first;  ///< no block here is longer than 32 bits
    unsigned bits;
};

/// Inside 2000::/3, which is all that is allocated for global unicast.
constexpr std::array blocks6{
    Block6{{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments, with Teredo
    Block6{{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    Block6{{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4, which carries an IPv4 address
    Block6{{0x3f, 0xff, 0x00, 0x00}, 20},  // documentation
};

template <std::size_t Size>
constexpr std::uint32_t leading(std::array<std::uint8_t, Size> const& bytes) {
    return (std::uint32_t{bytes[0]} << 24U) | (std::uint32_t{bytes[1]} << 16U) |
           (std::uint32_t{bytes[2]} << 8U) | bytes[3];
}

template <typename Blocks>
bool is_in(Blocks const& blocks, std::uint32_t first) {
    for (auto const& block : blocks) {
        if ((first ^ leading(block.first)) >> (32U - block.bits) == 0) return true;
    }
    return false;
}

bool is_public_v4(address_v4 const& ip) {
    return !is_in(blocks4, ip.to_uint());
}

bool is_public_v6(address_v6 const& ip) {
    address_v6::bytes_type const bytes = ip.to_bytes();
    constexpr std::array<std::uint8_t, 12> nat64{0x00, 0x64, 0xff, 0x9b};
    if (std::equal(nat64.begin(), nat64.end(), bytes.begin())) {
        return is_public_v4(address_v4{{bytes[12], bytes[13], bytes[14], bytes[15]}});
    }
    return bytes[0] >> 5U == 1 && !is_in(blocks6, leading(bytes));
}

}  // namespace

bool is_public(address const& address) {
    return address.is_v4() ? is_public_v4(address.to_v4()) : is_public_v6(address.to_v6());
}

bool is_any(address const& /*address*/) {
    return true;
}

}  // namespace showrunner::client
