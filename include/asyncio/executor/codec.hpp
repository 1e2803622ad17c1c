#pragma once

/// How values travel to another process, and to the jobs of an InterpreterPoolExecutor: `encode`, `decode`,
/// `codec_for`.
///
/// What has a codec: numbers, enums, std::string, the standard containers, std::array, optional, variant, tuple, pair,
/// std::unique_ptr, durations and time points, and aggregates of all these (up to 24 members, without base classes),
/// which need no registration. Trivially copyable data goes as it lies in memory. Nothing else compiles, unless
/// codec_for is specialised for it. What is too large to be copied: SharedMemory (executor/shared_memory.hpp).

#include <asyncio/executor/codec/bytes.hpp>           // IWYU pragma: export
#include <asyncio/executor/codec/codec_for.hpp>       // IWYU pragma: export
#include <asyncio/executor/codec/standard_types.hpp>  // IWYU pragma: export
