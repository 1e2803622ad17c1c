#pragma once

#include <asyncio/net/connection.hpp>
#include <asyncio/net/input_awaiter.hpp>
#include <asyncio/task/coro.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncio {

/// What readuntil looks for: `"\n"`, or one of several, `{"\n", "\r\n"}`. A class of its own, since GCC 12 cannot
/// compile a std::initializer_list inside a co_await expression.
class Separators {
public:
    /// Any number of strings; `take()` checks them.
    template <std::convertible_to<std::string_view>... S>
    Separators(const S&... separators) {
        (add(std::string_view(separators)), ...);
    }
    /// The same from a vector.
    explicit Separators(std::vector<std::string> separators) noexcept;

    /// Gives them away. Throws std::invalid_argument as readuntil says.
    [[nodiscard]] std::vector<std::string> take() &&;

private:
    void add(std::string_view separator);

    std::vector<std::string> all_;
};

/// The receiving side of a connection. Copying copies the reference.
///
/// Reads take what is buffered first and ask the socket only then; a connection nobody reads from keeps its data in the
/// kernel, so memory stays bounded. One task at a time may wait: a second one gets RuntimeError. After an error of the
/// connection every read throws it.
/// Cancellation: a cancelled read of whatever kind loses nothing. Thread safety: the loop's thread only. Mirrors
/// asyncio.StreamReader.
class StreamReader {
public:
    /// Used by the library.
    explicit StreamReader(detail::ConnectionPtr connection) noexcept : connection_(std::move(connection)) {}

    /// Up to `size` bytes, as soon as there is one; "" at the end of the stream, and for 0. Negative, as in Python:
    /// everything until the end.
    [[nodiscard("write co_await reader.read(…)")]] detail::ReadAwaiter read(std::int64_t size = -1) const noexcept {
        return detail::ReadAwaiter(connection_, size);
    }
    /// As read(size), straight into `target`; gives the number of bytes. Allocates nothing.
    [[nodiscard("write co_await reader.read_into(…)")]] detail::ReadIntoAwaiter read_into(
        std::span<std::byte> target) const noexcept {
        return detail::ReadIntoAwaiter(connection_, target);
    }
    /// Exactly `size` bytes. Throws IncompleteReadError when the stream ends before, std::invalid_argument for a
    /// negative size.
    [[nodiscard]] Coro<std::string> readexactly(std::int64_t size);
    /// The same into `target`, as many bytes as that has.
    [[nodiscard]] Coro<> readexactly_into(std::span<std::byte> target);
    /// A line with its '\n'; at the end of the stream what is left, then "". Throws std::invalid_argument when the line
    /// is longer than the limit; that line, or what there is of it, is dropped.
    [[nodiscard]] Coro<std::string> readline();
    /// Data up to and including the separator; with several (since 3.13), the shortest result that ends in one of them.
    /// Throws IncompleteReadError at the end of the stream, LimitOverrunError when the limit is exceeded (nothing is
    /// dropped), std::invalid_argument for no separator or an empty one.
    [[nodiscard]] Coro<std::string> readuntil(Separators separators = "\n");
    /// The next line, as readline; nullopt at the end. Python: `async for line in reader`.
    [[nodiscard]] Coro<std::optional<std::string>> next();

    /// True when the end was seen and everything was taken.
    [[nodiscard]] bool at_eof() const noexcept { return connection_->eof() && connection_->buffered().empty(); }
    /// What broke the connection; nullptr when nothing did.
    [[nodiscard]] std::exception_ptr exception() const noexcept { return connection_->exception(); }
    /// What was received and not read yet.
    [[nodiscard]] std::string_view buffered() const noexcept { return connection_->buffered(); }

    /// Used by the library.
    [[nodiscard]] detail::Connection& connection() const noexcept { return *connection_; }

private:
    detail::ConnectionPtr connection_;
};

}  // namespace asyncio
