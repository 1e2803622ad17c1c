#pragma once

// The few cross-thread parts name their atomics through these aliases, so that a model checker can be put underneath
// (tests/models).
#ifdef ASYNCIO_ATOMIC_HEADER
#include ASYNCIO_ATOMIC_HEADER
#else

#include <atomic>

namespace asyncio::detail {

template <class T>
using Atomic = std::atomic<T>;

inline constexpr auto memory_relaxed = std::memory_order_relaxed;
inline constexpr auto memory_acquire = std::memory_order_acquire;
inline constexpr auto memory_release = std::memory_order_release;
inline constexpr auto memory_acq_rel = std::memory_order_acq_rel;
inline constexpr auto memory_seq_cst = std::memory_order_seq_cst;

}  // namespace asyncio::detail

#endif
