#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace asyncio {

/// A task was cancelled. Thrown at the `co_await` that the cancellation reached.
///
/// Not a `std::exception`, as it is a BaseException in Python: `catch (const std::exception&)` never swallows it, and a
/// `catch (...)` must rethrow it. Final, because tasks recognise it by its type.
/// Mirrors asyncio.CancelledError (BaseException since 3.8).
class CancelledError final {
public:
    CancelledError() = default;
    /// With the message that was given to `cancel(msg)`.
    explicit CancelledError(std::string message) : message_(std::move(message)) {}

    /// What was given to `cancel(msg)`; empty without one.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

private:
    std::string message_;
};

/// Ctrl-C, delivered by the loop, never from a signal handler. Leaves `run_forever` at once. Not a `std::exception`.
class KeyboardInterrupt {};

/// Asks the program to end; leaves `run_forever` at once. Not a `std::exception`. Mirrors Python's SystemExit.
class SystemExit {
public:
    /// `code` is what the program shall exit with.
    explicit SystemExit(int code = 0) noexcept : code_(code) {}
    /// What the program shall exit with.
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};

/// Thrown inside an async generator that is being closed. Not a `std::exception`.
class GeneratorExit {};

/// A misuse of the library or an operation in the wrong state. Mirrors Python's RuntimeError.
class RuntimeError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An operation took longer than it may. `cause()` holds the CancelledError it was made from, if any.
/// Mirrors asyncio.TimeoutError (alias of the builtin since 3.11).
class TimeoutError : public std::runtime_error {
public:
    /// "timed out", without a cause.
    TimeoutError() : std::runtime_error("timed out") {}
    /// "timed out", made from `cause`.
    explicit TimeoutError(std::exception_ptr cause) : TimeoutError("timed out", std::move(cause)) {}
    /// With a text of its own.
    explicit TimeoutError(const std::string& what, std::exception_ptr cause = nullptr)
        : std::runtime_error(what),
          cause_(std::move(cause)) {}

    /// The CancelledError that it was made from; nullptr without one.
    [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

private:
    std::exception_ptr cause_;
};

/// A future was asked for what its state does not have. Mirrors asyncio.InvalidStateError.
class InvalidStateError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The system cannot send a file to this socket or transport by itself. Mirrors asyncio.SendfileNotAvailableError.
class SendfileNotAvailableError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// A value was looked up that is not there. Mirrors Python's LookupError.
class LookupError : public std::out_of_range {
public:
    using std::out_of_range::out_of_range;
};

/// Mirrors Python's EOFError.
class EOFError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The stream ended before a read was complete. Mirrors asyncio.IncompleteReadError.
class IncompleteReadError : public EOFError {
public:
    /// `expected` is nullopt when a separator was awaited, not a number of bytes.
    IncompleteReadError(std::string partial, std::optional<std::size_t> expected);

    /// The bytes that did come before the end.
    [[nodiscard]] const std::string& partial() const noexcept { return partial_; }
    /// How many bytes were asked for; nullopt when a separator was awaited.
    [[nodiscard]] std::optional<std::size_t> expected() const noexcept { return expected_; }

private:
    std::string partial_;
    std::optional<std::size_t> expected_;
};

/// A read would need more than the stream's limit. Mirrors asyncio.LimitOverrunError.
class LimitOverrunError : public std::runtime_error {
public:
    /// See `consumed()`.
    LimitOverrunError(const std::string& message, std::size_t consumed)
        : std::runtime_error(message),
          consumed_(consumed) {}

    /// How many bytes may be read without losing the separator.
    [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

private:
    std::size_t consumed_;
};

// Python's OSError subclasses. Each is a std::system_error with the errc that gives it its name; use os_error() to make
// the right one from an errno value.

/// EAGAIN, EALREADY or EINPROGRESS: it cannot be done at once. Mirrors Python's BlockingIOError.
class BlockingIOError : public std::system_error {
public:
    using std::system_error::system_error;
};
/// EPIPE or ESHUTDOWN: nobody reads what is sent. Mirrors Python's BrokenPipeError.
class BrokenPipeError : public std::system_error {
public:
    using std::system_error::system_error;
};
/// ECONNABORTED. Mirrors Python's ConnectionAbortedError.
class ConnectionAbortedError : public std::system_error {
public:
    using std::system_error::system_error;
};
/// ECONNREFUSED: nobody listens there. Mirrors Python's ConnectionRefusedError.
class ConnectionRefusedError : public std::system_error {
public:
    using std::system_error::system_error;
};
/// ECONNRESET: the other side has broken the connection off. Mirrors Python's ConnectionResetError.
class ConnectionResetError : public std::system_error {
public:
    using std::system_error::system_error;
};
/// ENOENT. Mirrors Python's FileNotFoundError.
class FileNotFoundError : public std::system_error {
public:
    using std::system_error::system_error;
};
/// EEXIST. Mirrors Python's FileExistsError.
class FileExistsError : public std::system_error {
public:
    using std::system_error::system_error;
};
/// EACCES or EPERM. Mirrors Python's PermissionError.
class PermissionError : public std::system_error {
public:
    using std::system_error::system_error;
};

/// The exception for a failed system call: the class above that Python chooses for the errno, else std::system_error
/// (also for ETIMEDOUT: TimeoutError here is that of asyncio and no std::system_error). `what` names the operation and
/// its object, such as "connect to 127.0.0.1:80"; the reason is appended.
[[nodiscard]] std::exception_ptr os_error(int error, const std::string& what);

/// Throws os_error(error, what).
[[noreturn]] void throw_os_error(int error, const std::string& what);

}  // namespace asyncio
