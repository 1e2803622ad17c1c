#pragma once

#include <asyncio/base/standard/memory.hpp>
#include <asyncio/executor/codec/bytes.hpp>
#include <asyncio/executor/codec/codec_for.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace asyncio {

/// Memory that jobs of a ProcessPoolExecutor share with whoever submits them: as an argument, as a result, or inside of
/// one, it is not copied, whatever its size. What either side writes, the other one sees.
///
///     double total(asyncio::SharedMemory numbers) {
///         const auto all = numbers.as<double>();
///         return std::accumulate(all.begin(), all.end(), 0.0);
///     }
///     …
///     asyncio::SharedMemory numbers(1'000'000 * sizeof(double));
///     std::ranges::fill(numbers.as<double>(), 0.5);
///     double sum = co_await loop.run_in_executor(pool, asyncio::remote<&total>, numbers);
///
/// A handle, as std::shared_ptr is one: copies are the same memory. It has no name, and lives until the last handle in
/// the last process is gone, however these end. A job sees what was written before it was submitted; whoever has its
/// result sees what it wrote before it returned. In between both sides must not touch the same bytes, unless by
/// lock-free atomics.
///
/// One message takes up to 30 of them (the arguments of one call; all those of a chunk of `map`); more, and other ways
/// than to and from processes of a pool, are a CodecError. `memory_limit` does not count it.
/// Thread safety: distinct handles: safe. Shared handles: unsafe. The memory itself: as any memory.
/// Python's multiprocessing.shared_memory.SharedMemory (since 3.8), without its names.
class SharedMemory {
public:
    /// No memory.
    SharedMemory() noexcept = default;
    /// So many bytes, all zero. Throws std::invalid_argument for 0; std::system_error when the system has no memory, or
    /// no descriptor: each needs one.
    explicit SharedMemory(std::size_t size);

    /// At the beginning of a page; nullptr without memory.
    [[nodiscard]] std::byte* data() const noexcept;
    /// How many bytes; 0 without memory.
    [[nodiscard]] std::size_t size() const noexcept;
    /// All of it; empty without memory.
    [[nodiscard]] std::span<std::byte> bytes() const noexcept;
    /// As elements that are as they lie in memory, without addresses in them. Bytes at the end that make no element are
    /// left out.
    template <class T>
    [[nodiscard]] std::span<T> as() const noexcept {
        static_assert(std::is_trivially_copyable_v<T>, "asyncio::SharedMemory: only trivially copyable elements");
        return {reinterpret_cast<T*>(data()), size() / sizeof(T)};
    }

    /// Whether there is memory.
    explicit operator bool() const noexcept;
    /// The same memory, by handles of this process that were copied.
    friend bool operator==(const SharedMemory&, const SharedMemory&) noexcept = default;

private:
    friend struct codec_for<SharedMemory>;
    explicit SharedMemory(std::shared_ptr<detail::SharedFile> file) noexcept;

    std::shared_ptr<detail::SharedFile> file_;
};

template <>
struct codec_for<SharedMemory> {
    static void encode(ByteSink& sink, const SharedMemory& memory);
    static SharedMemory decode(ByteSource& source);
};

}  // namespace asyncio
