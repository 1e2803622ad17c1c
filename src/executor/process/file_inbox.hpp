#pragma once

#include <asyncio/base/unique_fd.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace asyncio::detail {

/// Takes the files of long messages from a socket. They may come in another order than they are asked for, and those of
/// messages that were taken back are never asked for.
class FileInbox {
public:
    /// The files that were sent with this number; none when there are no such files. `flags` as for recv. Throws
    /// std::system_error.
    [[nodiscard]] std::vector<UniqueFd> receive(int socket, std::uint64_t sequence, int flags);

    /// Those of no more than this many messages are kept.
    static constexpr std::size_t most_messages = 32;

private:
    [[nodiscard]] std::vector<UniqueFd> take(std::uint64_t sequence) noexcept;

    std::vector<std::pair<std::uint64_t, std::vector<UniqueFd>>> files_;  // oldest first
};

}  // namespace asyncio::detail
