#pragma once

// The few cross-thread parts name their atomics through these names, so that a model checker can be put underneath
// (tests/models).
#ifdef ASYNCIO_ATOMIC_HEADER
#include ASYNCIO_ATOMIC_HEADER
#else

namespace asyncio::detail {

enum class MemoryOrder : int {};
inline constexpr MemoryOrder memory_relaxed{__ATOMIC_RELAXED};
inline constexpr MemoryOrder memory_acquire{__ATOMIC_ACQUIRE};
inline constexpr MemoryOrder memory_release{__ATOMIC_RELEASE};
inline constexpr MemoryOrder memory_acq_rel{__ATOMIC_ACQ_REL};
inline constexpr MemoryOrder memory_seq_cst{__ATOMIC_SEQ_CST};

/// What std::atomic is, for numbers, enumerations and pointers: libstdc++'s <atomic> costs every file of a user 8 MB
/// and a twentieth of its time.
template <class T>
class Atomic {
public:
    static constexpr bool is_always_lock_free = __atomic_always_lock_free(sizeof(T), nullptr);

    Atomic() noexcept = default;
    constexpr Atomic(T value) noexcept : value_(value) {}
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    [[nodiscard]] T load(MemoryOrder order = memory_seq_cst) const noexcept {
        T value;
        __atomic_load(&value_, &value, static_cast<int>(order));
        return value;
    }
    void store(T value, MemoryOrder order = memory_seq_cst) noexcept {
        __atomic_store(&value_, &value, static_cast<int>(order));
    }
    T exchange(T value, MemoryOrder order = memory_seq_cst) noexcept {
        T old;
        __atomic_exchange(&value_, &value, &old, static_cast<int>(order));
        return old;
    }

    bool compare_exchange_strong(T& expected, T value, MemoryOrder success, MemoryOrder failure) noexcept {
        return __atomic_compare_exchange(&value_, &expected, &value, false, static_cast<int>(success),
                                         static_cast<int>(failure));
    }
    bool compare_exchange_strong(T& expected, T value, MemoryOrder order = memory_seq_cst) noexcept {
        return compare_exchange_strong(expected, value, order, after_failure(order));
    }
    /// May fail for no reason.
    bool compare_exchange_weak(T& expected, T value, MemoryOrder success, MemoryOrder failure) noexcept {
        return __atomic_compare_exchange(&value_, &expected, &value, true, static_cast<int>(success),
                                         static_cast<int>(failure));
    }
    bool compare_exchange_weak(T& expected, T value, MemoryOrder order = memory_seq_cst) noexcept {
        return compare_exchange_weak(expected, value, order, after_failure(order));
    }

    // Of numbers only.
    T fetch_add(T value, MemoryOrder order = memory_seq_cst) noexcept {
        return __atomic_fetch_add(&value_, value, static_cast<int>(order));
    }
    T fetch_sub(T value, MemoryOrder order = memory_seq_cst) noexcept {
        return __atomic_fetch_sub(&value_, value, static_cast<int>(order));
    }
    T fetch_and(T value, MemoryOrder order = memory_seq_cst) noexcept {
        return __atomic_fetch_and(&value_, value, static_cast<int>(order));
    }

private:
    static constexpr MemoryOrder after_failure(MemoryOrder order) noexcept {
        if (order == memory_acq_rel) return memory_acquire;
        return order == memory_release ? memory_relaxed : order;
    }

    alignas(sizeof(T)) T value_{};
};

}  // namespace asyncio::detail

#endif
