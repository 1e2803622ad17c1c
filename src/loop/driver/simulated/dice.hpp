#pragma once

#include <asyncio/base/random.hpp>

#include <cstddef>
#include <cstdint>

namespace asyncio::detail::simulated {

/// The seeded choices of a simulated run. With seed 0 it never varies anything.
class Dice {
public:
    explicit Dice(std::uint64_t seed) noexcept : random_(seed), loaded_(seed != 0) {}

    [[nodiscard]] bool loaded() const noexcept { return loaded_; }

    /// True once in `n` times; never with seed 0.
    [[nodiscard]] bool one_in(std::uint64_t n) noexcept { return loaded_ && random_.next() % n == 0; }

    /// A number in [0, limit]; 0 with seed 0.
    [[nodiscard]] std::uint64_t up_to(std::uint64_t limit) noexcept {
        return loaded_ ? random_.next() % (limit + 1) : 0;
    }

    /// How much of a read or write of `size` bytes happens: all with seed 0, else every second time only a part.
    [[nodiscard]] std::size_t shorten(std::size_t size) noexcept {
        if (size <= 1 || !one_in(2)) return size;
        return 1 + static_cast<std::size_t>(up_to(size - 1));
    }

private:
    Random random_;
    bool loaded_;
};

}  // namespace asyncio::detail::simulated
