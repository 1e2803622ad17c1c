#pragma once

#include <cstddef>
#include <cstdint>

namespace asyncio::detail::simulated {

/// The seeded choices of a simulated run. With seed 0 it never varies anything.
class Dice {
public:
    explicit Dice(std::uint64_t seed) noexcept : state_(seed), loaded_(seed != 0) {}

    [[nodiscard]] bool loaded() const noexcept { return loaded_; }

    /// True once in `n` times; never with seed 0.
    [[nodiscard]] bool one_in(std::uint64_t n) noexcept { return loaded_ && next() % n == 0; }

    /// A number in [0, limit]; 0 with seed 0.
    [[nodiscard]] std::uint64_t up_to(std::uint64_t limit) noexcept { return loaded_ ? next() % (limit + 1) : 0; }

    /// How much of a read or write of `size` bytes happens: all with seed 0, else every second time only a part.
    [[nodiscard]] std::size_t shorten(std::size_t size) noexcept {
        if (size <= 1 || !one_in(2)) return size;
        return 1 + static_cast<std::size_t>(up_to(size - 1));
    }

private:
    /// SplitMix64: short, and good enough for choices.
    std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }

    std::uint64_t state_;
    bool loaded_;
};

}  // namespace asyncio::detail::simulated
