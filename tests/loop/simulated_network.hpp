#pragma once

#include <asyncio/loop/driver/simulated.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// An operation that remembers whether and when it was completed.
struct TestOperation : asyncio::Operation {
    TestOperation(Kind kind, asyncio::DescriptorPtr socket)
        : Operation(kind, std::move(socket), [](Operation& self) noexcept {
              auto& done = static_cast<TestOperation&>(self);
              ++done.completions;
              if (done.log != nullptr) done.log->push_back(done.label);
          }) {}

    TestOperation& with_buffer(std::size_t count) {
        storage.resize(count);
        return with_data(storage);
    }
    TestOperation& with_data(std::string& data) {
        buffer = reinterpret_cast<std::byte*>(data.data());
        size = data.size();
        return *this;
    }
    [[nodiscard]] std::string received() const { return storage.substr(0, static_cast<std::size_t>(result)); }

    std::string storage;
    int completions = 0;
    std::vector<int>* log = nullptr;
    int label = 0;
};

/// Uses a simulated driver directly, without a loop.
class SimulatedNetwork : public ::testing::Test {
public:
    using Kind = asyncio::Operation::Kind;

    void use(const asyncio::SimulatedOptions& options) { driver = std::make_unique<asyncio::SimulatedDriver>(options); }

    /// One iteration's poll that does not block.
    void poll() { poll_until(asyncio::Clock::time_point::min()); }
    void poll_until(asyncio::Clock::time_point deadline) {
        driver->wait(deadline);
        driver->dispatch_all(sink);
    }

    asyncio::DescriptorPtr open(int family = AF_INET) {
        asyncio::DescriptorPtr socket;
        EXPECT_EQ(driver->open(family, SOCK_STREAM, socket), 0);
        return socket;
    }
    asyncio::DescriptorPtr listener(const asyncio::SocketAddress& address, int backlog = 100) {
        auto socket = open(address.family());
        EXPECT_EQ(driver->bind(*socket, address), 0);
        EXPECT_EQ(driver->listen(*socket, backlog), 0);
        return socket;
    }
    asyncio::SocketAddress local_address(const asyncio::DescriptorPtr& socket) {
        asyncio::SocketAddress address;
        EXPECT_EQ(driver->local_address(*socket, address), 0);
        return address;
    }
    /// Connects and accepts at 127.0.0.1.
    void connect_pair() { driver->socket_pair(a, b); }

    std::int64_t send(const asyncio::DescriptorPtr& socket, std::string_view data) {
        return driver->try_send(*socket, std::as_bytes(std::span(data)));
    }
    /// What comes at once: data, or "EOF", or "errno N".
    std::string recv(const asyncio::DescriptorPtr& socket, std::size_t size = 1000) {
        std::string data(size, '\0');
        const auto result = driver->try_recv(*socket, std::as_writable_bytes(std::span(data)));
        if (result == 0) return "EOF";
        if (result < 0) return "errno " + std::to_string(-result);
        data.resize(static_cast<std::size_t>(result));
        return data;
    }

    struct NoWatches final : asyncio::WatchSink {
        void watched_ready(int, bool, bool) noexcept override { FAIL() << "nothing is watched"; }
    } sink;
    std::unique_ptr<asyncio::SimulatedDriver> driver = std::make_unique<asyncio::SimulatedDriver>();
    asyncio::DescriptorPtr a;
    asyncio::DescriptorPtr b;
};

inline std::string errno_text(int error) {
    return "errno " + std::to_string(error);
}
