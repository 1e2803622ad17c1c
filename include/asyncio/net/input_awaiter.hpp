#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/net/connection.hpp>
#include <asyncio/net/operation_awaiter.hpp>
#include <asyncio/task/coro.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace asyncio::detail {

/// Waits for input of a connection. Lives in the awaiting frame and needs no frame of its own.
///
///     begin() ──received──► done, the task does not suspend
///        └─ would block ──► waiting ──readable──► queued ──its turn: receive()──► the task goes on
///                              ▲                              └─ would block ─┐
///                              └──────────────────────────────────────────────┘
///
/// The bytes are received in the turn in which the task goes on: a task that is cancelled before loses none, and the
/// loop's read buffer is still untouched when the task copies out of it.
class InputAwaiter : public OperationAwaiter, private ReadyNode {
public:
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        connection_->read_waits = true;
        if (!pending) proceed();  // something is there already, and was left for the sake of others
        suspend(handle);
    }

protected:
    explicit InputAwaiter(ConnectionPtr connection, ReadyNode::Run turn = &run_as<InputAwaiter>) noexcept
        : OperationAwaiter(connection->loop(), Kind::readable, connection->socket()),
          ReadyNode(turn),
          connection_(std::move(connection)) {
        prefetch = &prefetch_task;
    }
    ~InputAwaiter() {
        if (task_ != nullptr) connection_->read_waits = false;
    }

    /// One attempt; false when nothing came, or not all that is wanted. Throws what broke the connection.
    virtual bool receive() = 0;

    /// Throws RuntimeError when it was awaited before, as a coroutine would.
    void use() {
        if (exchanged(used_, true)) [[unlikely]]
            throw_already_awaited();
    }
    /// The first attempt; false when the task has to wait. Throws RuntimeError when another one waits for input
    /// already; `name` is the function.
    [[nodiscard]] bool begin(const char* name);
    /// Throws what ended the wait, if it was not input.
    void end() {
        if (task_ == nullptr) return;
        connection_->read_waits = false;
        exchanged(task_, nullptr)->resumed();
        if (error_) [[unlikely]]
            std::rethrow_exception(error_);
    }

    /// The turn of a waiting read. `Awaiter::receive_now()` is inline in it: a class that declares its own has a turn
    /// of its own.
    template <class Awaiter>
    [[gnu::hot]] static void run_as(ReadyNode& node, Turn turn);

    const ConnectionPtr connection_;

private:
    [[noreturn]] static void refuse_second_reader(const char* name);
    [[nodiscard]] bool receive_what_is_there();
    void proceed() noexcept final;
    static void prefetch_task(const Operation& operation) noexcept;
    [[nodiscard]] inline bool receive_now();  // receive(), unless a derived class has a better one

    std::exception_ptr error_;
    bool used_ = false;
};

/// What StreamReader::read returns.
class ReadAwaiter final : public InputAwaiter {
public:
    ReadAwaiter(ConnectionPtr connection, std::int64_t size) noexcept
        : InputAwaiter(std::move(connection), &run_as<ReadAwaiter>),
          size_(size) {}
    /// One that was not awaited yet may be moved, into a task for instance.
    ReadAwaiter(ReadAwaiter&& unstarted) noexcept : ReadAwaiter(unstarted.connection_, unstarted.size_) {}

    /// For whoever keeps it among other coroutines.
    operator Coro<std::string>() &&;

    [[nodiscard]] bool await_ready();
    std::string await_resume();

private:
    friend class InputAwaiter;
    bool receive() override;
    [[nodiscard]] inline bool receive_now();

    const std::int64_t size_;  // negative: everything until the end
    std::string_view data_;    // in the loop's read buffer
};

/// What StreamReader::read_into returns.
class ReadIntoAwaiter final : public InputAwaiter {
public:
    ReadIntoAwaiter(ConnectionPtr connection, std::span<std::byte> target) noexcept
        : InputAwaiter(std::move(connection)),
          target_(target) {}
    ReadIntoAwaiter(ReadIntoAwaiter&& unstarted) noexcept : ReadIntoAwaiter(unstarted.connection_, unstarted.target_) {}

    operator Coro<std::size_t>() &&;

    [[nodiscard]] bool await_ready();
    std::size_t await_resume();

private:
    bool receive() override;

    const std::span<std::byte> target_;
    std::size_t count_ = 0;
};

/// Receives at least one more byte into the connection's buffer, or sees the end.
class FillAwaiter final : public InputAwaiter {
public:
    FillAwaiter(ConnectionPtr connection, const char* name) noexcept
        : InputAwaiter(std::move(connection)),
          name_(name) {}

    [[nodiscard]] bool await_ready() { return begin(name_); }
    void await_resume() { end(); }

private:
    bool receive() override;

    const char* name_;
};

extern template void InputAwaiter::run_as<InputAwaiter>(ReadyNode& node, Turn turn);
extern template void InputAwaiter::run_as<ReadAwaiter>(ReadyNode& node, Turn turn);

}  // namespace asyncio::detail
