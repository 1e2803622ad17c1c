#pragma once

// What base/atomic.hpp becomes under the model checker Relacy: its atomics try every value that the memory model lets a
// load see, and switch threads between any two operations.

#include <relacy/relacy.hpp>

// Relacy watches the heap through these; declarations such as `= delete` do not bear it.
#undef new
#undef delete

namespace asyncio::detail {

template <class T>
using Atomic = rl::atomic<T>;

}  // namespace asyncio::detail

// Relacy wants to know where each operation stands; an order is always the last argument of an operation, or of one of
// the two halves of a compare-and-exchange.
#define memory_relaxed rl::mo_relaxed, RL_INFO
#define memory_acquire rl::mo_acquire, RL_INFO
#define memory_release rl::mo_release, RL_INFO
#define memory_acq_rel rl::mo_acq_rel, RL_INFO
#define memory_seq_cst rl::mo_seq_cst, RL_INFO
