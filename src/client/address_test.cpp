#include "client/address.hpp"

#include <doctest/doctest.h>

namespace showrunner::client {

TEST_CASE("a public address is one of the internet, and nothing of our own network") {
    auto const open = [](char const* text) {
        return is_public(boost::asio::ip::make_address(text));
    };
    for (char const* text :
         {"8.8.8.8",
          "1.1.1.1",
          "11.0.0.0",
          "9.255.255.255",
          "100.63.255.255",
          "100.128.0.0",
          "172.15.255.255",
          "172.32.0.0",
          "223.255.255.255",
          "2606:4700::1111",
          "2a00:1450:4001::200e",
          "2001:4860::8888",
          "64:ff9b::8.8.8.8"}) {
        INFO(text);
        CHECK(open(text));
    }
    for (char const* text :
         {"0.0.0.0",
          "10.1.2.3",
          "100.64.0.1",
          "127.0.0.1",
          "127.255.0.1",
          "169.254.169.254",
          "172.16.0.1",
          "172.31.255.255",
          "192.0.0.8",
          "192.0.2.1",
          "192.168.1.1",
          "198.19.0.1",
          "198.51.100.1",
          "203.0.113.9",
          "224.0.0.1",
          "240.0.0.1",
          "255.255.255.255",
          "::",
          "::1",
          "::127.0.0.1",
          "::ffff:10.0.0.1",
          "::ffff:127.0.0.1",
          "::ffff:8.8.8.8",
          "fe80::1",
          "fe80::1%1",
          "fec0::1",
          "fc00::1",
          "fd12::1",
          "ff02::1",
          "2001::1",
          "2001:db8::1",
          "2002:7f00:1::",
          "3fff::1",
          "4000::1",
          "64:ff9b::10.0.0.1",
          "64:ff9b:1::8.8.8.8"}) {
        INFO(text);
        CHECK_FALSE(open(text));
    }
    CHECK(is_any(boost::asio::ip::make_address("127.0.0.1")));
}

}  // namespace showrunner::client
