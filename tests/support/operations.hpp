#pragma once

#include <asyncio/base/socket_address.hpp>
#include <asyncio/loop/driver.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/future.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace support {

/// One operation of the running loop's driver that a coroutine waits for: `co_await operation.run()` gives its result.
/// For tests of drivers; everybody else has sockets and streams.
class AwaitedOperation : public asyncio::Operation {
public:
    AwaitedOperation(Kind kind, asyncio::DescriptorPtr socket)
        : Operation(kind, std::move(socket),
                    [](Operation& self) noexcept { static_cast<AwaitedOperation&>(self).done_.set_result(); }) {}

    asyncio::Coro<std::int64_t> run() {
        if (!asyncio::get_running_loop().driver().start(*this)) co_await done_;
        co_return result;
    }

private:
    asyncio::Future<void> done_ = asyncio::get_running_loop().create_future<void>();
};

inline asyncio::Coro<std::int64_t> receive(asyncio::DescriptorPtr socket, std::span<std::byte> buffer) {
    AwaitedOperation operation(asyncio::Operation::Kind::recv, socket);
    operation.buffer = buffer.data();
    operation.size = buffer.size();
    co_return co_await operation.run();
}

/// Everything up to the end of the stream; an error ends it with " errno N".
inline asyncio::Coro<std::string> receive_all(asyncio::DescriptorPtr socket) {
    std::string all;
    std::byte buffer[1000];
    while (true) {
        const std::int64_t got = co_await receive(socket, buffer);
        if (got < 0) all += " errno " + std::to_string(-got);
        if (got <= 0) co_return all;
        all.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(got));
    }
}

/// Sends everything; 0 or the negative errno that stopped it.
inline asyncio::Coro<std::int64_t> send_all(asyncio::DescriptorPtr socket, std::string data) {
    std::span<std::byte> left = std::as_writable_bytes(std::span(data));
    while (!left.empty()) {
        AwaitedOperation operation(asyncio::Operation::Kind::send, socket);
        operation.buffer = left.data();
        operation.size = left.size();
        const std::int64_t sent = co_await operation.run();
        if (sent < 0) co_return sent;
        left = left.subspan(static_cast<std::size_t>(sent));
    }
    co_return 0;
}

inline asyncio::Coro<std::int64_t> connect(asyncio::DescriptorPtr socket, asyncio::SocketAddress address) {
    AwaitedOperation operation(asyncio::Operation::Kind::connect, socket);
    operation.address = &address;
    co_return co_await operation.run();
}

}  // namespace support
