#pragma once

#include <stdexcept>

namespace asyncio {

/// `get_nowait()` on an empty queue. Mirrors asyncio.QueueEmpty.
class QueueEmpty : public std::runtime_error {
public:
    /// "the queue is empty"
    QueueEmpty() : std::runtime_error("the queue is empty") {}
};

/// `put_nowait()` on a full queue. Mirrors asyncio.QueueFull.
class QueueFull : public std::runtime_error {
public:
    /// "the queue is full"
    QueueFull() : std::runtime_error("the queue is full") {}
};

/// Putting to a queue that was shut down, or getting from one that is empty besides. Mirrors asyncio.QueueShutDown
/// (since 3.13).
class QueueShutDown : public std::runtime_error {
public:
    /// "the queue has been shut down"
    QueueShutDown() : std::runtime_error("the queue has been shut down") {}
};

}  // namespace asyncio
