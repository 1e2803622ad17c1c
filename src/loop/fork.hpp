#pragma once

#include <cstdint>

namespace asyncio::detail {

/// How many forks lie between the process that first asked and this one. A loop, and what a thread remembers, is of the
/// process that made it: in a forked child it is only a copy that shares its descriptors with the parent.
///
/// In the child, a running loop is told first: it is not the running loop any more, stops, and lets go of its
/// descriptors. Others find out when they are used. No loop of the parent is listed any more.
[[nodiscard]] std::uint32_t process_generation() noexcept;

}  // namespace asyncio::detail
