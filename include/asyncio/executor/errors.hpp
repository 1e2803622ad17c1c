#pragma once

#include <asyncio/base/exceptions.hpp>

#include <exception>
#include <stdexcept>

/// Python's concurrent.futures: futures and executors that belong to no loop and may be used from every thread.
namespace asyncio::futures {

/// Base of what concurrent futures throw. Mirrors concurrent.futures.Error.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The future was cancelled. Not asyncio's CancelledError, and a `std::exception`; awaited in a task it becomes that
/// one. Mirrors concurrent.futures.CancelledError.
class CancelledError final : public Error {
public:
    /// "the future was cancelled"
    CancelledError() : Error("the future was cancelled") {}
};

/// The operation is not allowed in the future's state. Mirrors concurrent.futures.InvalidStateError (since 3.8).
class InvalidStateError final : public Error {
public:
    using Error::Error;
};

/// An executor can run nothing any more. Mirrors concurrent.futures.BrokenExecutor (since 3.7).
class BrokenExecutor : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// The initializer of a thread has failed. Mirrors concurrent.futures.thread.BrokenThreadPool (since 3.7).
class BrokenThreadPool : public BrokenExecutor {
public:
    using BrokenExecutor::BrokenExecutor;
};

}  // namespace asyncio::futures

namespace asyncio::detail {

/// At the border to a loop: futures::CancelledError and futures::InvalidStateError become those of asyncio, every other
/// exception stays.
[[nodiscard]] std::exception_ptr to_loop_error(std::exception_ptr error);

}  // namespace asyncio::detail
