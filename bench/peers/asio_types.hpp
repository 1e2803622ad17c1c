#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

/// Asio as somebody uses it who wants speed: the io_context's own executor type in place of the type-erased
/// any_io_executor, and concurrency hint 1.
namespace peer {

using Executor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> use_awaitable;

/// Runs one Asio coroutine to its end on a loop of its own; the counterpart of asyncio::run.
inline void run(Awaitable<void> body) {
    asio::io_context context(1);
    std::exception_ptr failure;
    asio::co_spawn(context.get_executor(), std::move(body), [&](std::exception_ptr error) { failure = error; });
    context.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace peer
