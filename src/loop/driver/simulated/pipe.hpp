#pragma once

#include <asyncio/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>

namespace asyncio::detail::simulated {

/// One direction of a connection: bytes in order, then an end of stream or a reset. What is pushed may be under way for
/// a while: it takes room at once, but the reader sees it only after `settle` at its time of arrival.
class Pipe {
public:
    /// Takes the memory for `capacity` bytes. Throws std::bad_alloc.
    void allocate(std::size_t capacity);

    // --- the sender's side ---

    [[nodiscard]] std::size_t room() const noexcept { return capacity_ - size_; }
    /// Precondition: data.size() <= room(). Throws std::bad_alloc when it cannot be put on its way.
    void push(std::span<const std::byte> data, Clock::time_point now, Clock::time_point arrival);
    /// Nothing more will come. A reset may follow an end of stream.
    void finish(Clock::time_point now, Clock::time_point arrival) noexcept { end(Mark::finish, now, arrival); }
    void reset(Clock::time_point now, Clock::time_point arrival) noexcept { end(Mark::reset, now, arrival); }

    // --- the reader's side ---

    /// No bytes, neither here nor under way.
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t available() const noexcept { return available_; }
    /// Takes up to `out.size()` of the available bytes.
    std::size_t pop(std::span<std::byte> out) noexcept;
    /// The sender has ended; true even while bytes are available.
    [[nodiscard]] bool finished() const noexcept { return finished_; }
    [[nodiscard]] bool was_reset() const noexcept { return reset_; }

    /// Lets what has arrived by `now` be seen.
    void settle(Clock::time_point now) noexcept;
    [[nodiscard]] std::optional<Clock::time_point> next_arrival() const noexcept;

private:
    struct Mark {
        enum What : std::uint8_t { bytes, finish, reset };
        Clock::time_point arrival;
        What what;
        std::size_t count;
    };

    void end(Mark::What what, Clock::time_point now, Clock::time_point arrival) noexcept;
    void show(const Mark& mark) noexcept;
    /// Nothing overtakes what was sent before.
    [[nodiscard]] Clock::time_point in_order(Clock::time_point arrival) const noexcept;

    std::unique_ptr<std::byte[]> ring_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;       // with what is under way
    std::size_t available_ = 0;  // the part that has arrived
    bool finished_ = false;
    bool reset_ = false;
    std::deque<Mark> under_way_;
};

}  // namespace asyncio::detail::simulated
