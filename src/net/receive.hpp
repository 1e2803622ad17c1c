#pragma once

// What every read does, inline where the library reads. It is not in connection.hpp, because a user's file would pay
// for the spans that it makes.

#include "loop/driver/quick_socket.hpp"

#include <asyncio/net/connection.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace asyncio::detail {

std::int64_t Connection::receive(std::span<std::byte> target) {
    if (error_ || ended()) [[unlikely]]
        return receive_no_more();
    loop_->check_open();
    const std::int64_t result = try_recv(loop_->driver(), *socket_, target);
    if (result <= 0) return received_nothing(result);
    immediate_bytes_ += static_cast<std::uint32_t>(result);
    return result;
}

std::int64_t Connection::receive_shared(std::string_view& data, std::size_t wanted) {
    std::byte* const buffer = loop_->read_buffer();
    if (wanted < read_ahead) wanted = read_ahead;
    const std::int64_t result =
        receive({buffer, wanted < LoopCore::read_buffer_size ? wanted : LoopCore::read_buffer_size});
    if (result > 0) data = {reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(result)};
    return result;
}

}  // namespace asyncio::detail
