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
    /// The file that was sent with this number; none when there is no such file. `flags` as for recv. Throws
    /// std::system_error.
    [[nodiscard]] UniqueFd receive(int socket, std::uint64_t sequence, int flags);

private:
    /// No more than this many are kept.
    static constexpr std::size_t most_files = 16;

    [[nodiscard]] UniqueFd take(std::uint64_t sequence) noexcept;

    std::vector<std::pair<std::uint64_t, UniqueFd>> files_;  // oldest first
};

}  // namespace asyncio::detail
