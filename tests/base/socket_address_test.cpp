#include <asyncio/base/socket_address.hpp>

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using asyncio::SocketAddress;
using namespace std::string_literals;

TEST(SocketAddress, ipv4) {
    SocketAddress address("127.0.0.1", 8080);
    EXPECT_EQ(address.family(), AF_INET);
    EXPECT_FALSE(address.is_ipv6());
    EXPECT_EQ(address.size(), sizeof(sockaddr_in));
    EXPECT_EQ(address.host(), "127.0.0.1");
    EXPECT_EQ(address.port(), 8080);
    EXPECT_EQ(address.to_string(), "127.0.0.1:8080");
    address.set_port(1);
    EXPECT_EQ(address.port(), 1);
    EXPECT_EQ(address, SocketAddress("127.0.0.1", 1));
    EXPECT_FALSE(address == SocketAddress("127.0.0.2", 1));
}

TEST(SocketAddress, ipv6) {
    SocketAddress address("::1", 65535);
    EXPECT_TRUE(address.is_ipv6());
    EXPECT_EQ(address.size(), sizeof(sockaddr_in6));
    EXPECT_EQ(address.host(), "::1");
    EXPECT_EQ(address.to_string(), "[::1]:65535");
    address.set_port(2);
    EXPECT_EQ(address.port(), 2);
    EXPECT_EQ(SocketAddress("0:0:0:0:0:0:0:1", 2), address);
    EXPECT_EQ(SocketAddress("fe80::1%1", 1).family(), AF_INET6) << "a scope may be a number";
}

TEST(SocketAddress, what_is_no_numeric_address) {
    const std::vector<std::string> wrong{"",
                                         "localhost",
                                         "1.2.3",
                                         "256.1.1.1",
                                         "1.2.3.4 ",
                                         "::g",
                                         "fe80::1%nosuch0",
                                         "127.0.0.1\0x"s,
                                         "[::1]",
                                         "1.2.3.4.5",
                                         std::string(300, '1')};
    for (const std::string& host : wrong) {
        EXPECT_FALSE(SocketAddress::is_numeric(host)) << host;
        EXPECT_THROW(SocketAddress(host, 1), std::invalid_argument) << host;
    }
    EXPECT_TRUE(SocketAddress::is_numeric("10.0.0.1"));
    EXPECT_TRUE(SocketAddress::is_numeric("::ffff:1.2.3.4"));
}

TEST(SocketAddress, unix_paths) {
    const auto address = SocketAddress::unix_path("/run/x.sock");
    EXPECT_EQ(address.family(), AF_UNIX);
    EXPECT_EQ(address.host(), "/run/x.sock");
    EXPECT_EQ(address.to_string(), "/run/x.sock");
    EXPECT_EQ(address.port(), 0);
    const auto abstract_name = SocketAddress::unix_path("\0name\0x"s);
    EXPECT_EQ(abstract_name.host(), "\0name\0x"s);
    EXPECT_EQ(abstract_name.size(), offsetof(sockaddr_un, sun_path) + 7);
    EXPECT_EQ(SocketAddress::unix_path(std::string(sizeof(sockaddr_un::sun_path) - 1, 'p')).host().size(),
              sizeof(sockaddr_un::sun_path) - 1);
    EXPECT_THROW(static_cast<void>(SocketAddress::unix_path(std::string(sizeof(sockaddr_un::sun_path), 'p'))),
                 std::invalid_argument);
}

TEST(SocketAddress, from_the_systems_form) {
    const SocketAddress original("10.1.2.3", 99);
    const std::span bytes(static_cast<const std::byte*>(original.data()), original.size());
    EXPECT_EQ(SocketAddress(bytes), original);
    const std::vector<std::byte> too_long(SocketAddress::capacity + 1);
    EXPECT_THROW(SocketAddress{std::span<const std::byte>(too_long)}, std::invalid_argument);
}

TEST(SocketAddress, empty) {
    SocketAddress none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.family(), AF_UNSPEC);
    EXPECT_EQ(none.host(), "");
    EXPECT_EQ(none.port(), 0);
    none.set_port(5);
    EXPECT_EQ(none.port(), 0);
    EXPECT_EQ(none, SocketAddress(std::span<const std::byte>()));
}

}  // namespace
