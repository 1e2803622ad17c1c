#pragma once

#include <asyncio/integrations/curl/easy.hpp>
#include <asyncio/integrations/curl/error.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <string_view>

namespace asyncio {
class EventLoop;
}  // namespace asyncio

namespace asyncio::curl {

class Multi;

namespace detail {

struct MultiState;

/// Waits for one transfer. Made by Multi::perform.
class PerformAwaiter final : public asyncio::detail::Waiter {
public:
    PerformAwaiter(MultiState& multi, void* handle, Easy* easy) noexcept
        : multi_(&multi),
          handle_(handle),
          easy_(easy) {}
    ~PerformAwaiter();

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class P>
    void await_suspend(std::coroutine_handle<P> awaiting) {
        bind_to_current_task();
        start();
        suspend(awaiting);
    }

    /// Throws Error, or what a callback of the Easy threw.
    void await_resume();

    bool cancel(std::string_view message) noexcept override;

private:
    friend struct MultiState;
    void start();
    void finish(int curl_code) noexcept;

    MultiState* multi_;
    void* handle_;
    Easy* easy_;  ///< nullptr for a bare handle.
    bool running_ = false;
    int result_ = 0;
};

}  // namespace detail

/// What a Multi may keep open.
struct MultiOptions {
    long max_cached_connections = 0;    ///< 0: libcurl's own choice.
    long max_connections_per_host = 0;  ///< 0: no limit; transfers beyond it wait inside libcurl.
};

/// Any number of libcurl transfers at a time in one event loop: libcurl's multi socket interface, its sockets watched
/// by the loop's add_reader and add_writer, its timeouts by call_later. Connections are kept and used again.
///
///     asyncio::curl::Multi multi;
///     asyncio::curl::Easy easy;
///     easy.set_url("https://example.org/");
///     easy.on_body([&](std::string_view piece) { page += piece; return true; });
///     co_await multi.perform(easy);
///
/// The Multi must not outlive its loop. Transfers still running when it is destroyed end with
/// CURLE_ABORTED_BY_CALLBACK.
///
/// Thread safety: the loop's thread only. One process may have a Multi for each of its loops.
class Multi {
public:
    /// In the running loop. Throws RuntimeError when there is none.
    explicit Multi(MultiOptions options = {});
    /// In that loop.
    explicit Multi(EventLoop& loop, MultiOptions options = {});
    ~Multi();
    Multi(const Multi&) = delete;
    Multi& operator=(const Multi&) = delete;

    /// Performs the request; callbacks of the Easy run meanwhile, in the loop's thread, outside of any task. The Easy
    /// must stay alive and untouched until the await is over.
    ///
    /// Throws Error when the transfer failed (an HTTP error status is no failure), what a callback threw, and
    /// std::invalid_argument when the Easy is in a transfer already.
    /// Cancellation: the transfer is taken out of libcurl at once, its connection closed; no callback runs any more.
    /// (When cancel() is called from within a callback of the same Multi, this happens when libcurl returns from
    /// there.)
    [[nodiscard("write co_await multi.perform(easy)")]] detail::PerformAwaiter perform(Easy& easy) {
        return {*state_, easy.native_handle(), &easy};
    }

    /// The same for a handle that was set up with libcurl's own functions (a CURL*).
    [[nodiscard("write co_await multi.perform(easy)")]] detail::PerformAwaiter perform(void* easy_handle) {
        return {*state_, easy_handle, nullptr};
    }

    /// How many transfers are running.
    [[nodiscard]] std::size_t active() const noexcept;

private:
    std::unique_ptr<detail::MultiState> state_;
};

}  // namespace asyncio::curl
