#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/memory.hpp>

#include <exception>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

class PromiseBase;

/// Whether a T can be copied. A container says yes whatever it holds, and a tuple believes it.
template <class T>
inline constexpr bool is_copyable = std::is_copy_constructible_v<T>;
template <class T>
    requires requires {
        typename T::value_type;
        typename T::allocator_type;
    }
inline constexpr bool is_copyable<T> = std::is_copy_constructible_v<T> && is_copyable<typename T::value_type>;
template <class... Ts>
inline constexpr bool is_copyable<std::tuple<Ts...>> = (... && is_copyable<Ts>);

/// Takes out what is thrown next. Being cold, it takes the throw with it into the cold part of the coroutine, whose
/// frame is described in few words: the unwinder reads them at every throw, and a coroutine has many ways out.
[[gnu::cold, gnu::noinline]] inline std::exception_ptr to_throw(std::exception_ptr& error) noexcept {
    return exchanged(error, nullptr);
}

/// Where a coroutine leaves its outcome. It belongs to whoever runs the coroutine: the awaiter in the caller's frame,
/// or the task.
struct SlotBase {
    PromiseBase* child = nullptr;  // the coroutine, as long as its frame exists; null for an async generator
    std::exception_ptr error;
};

template <class T>
struct Slot : SlotBase {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                  "a coroutine's result must not be over-aligned: compilers do not align coroutine frames for it");

    Slot() noexcept {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() { reset(); }

    template <class... Args>
    void emplace(Args&&... args) {
        reset();
        ::new (const_cast<void*>(static_cast<const volatile void*>(std::addressof(value))))
            T(static_cast<Args&&>(args)...);
        full = true;
    }
    [[nodiscard]] T& get() noexcept { return value; }
    [[nodiscard]] const T& get() const noexcept { return value; }
    [[nodiscard]] T take() { return static_cast<T&&>(value); }

    // No std::optional: for each type of result that costs a user's compiler a hundred classes and functions.
    union {
        T value;
    };
    bool full = false;

private:
    void reset() noexcept {
        if (!full) return;
        full = false;
        value.~T();
    }
};

template <class T>
struct Slot<T&> : SlotBase {
    T* value = nullptr;

    void emplace(T& object) noexcept { value = std::addressof(object); }
    [[nodiscard]] T& get() const noexcept { return *value; }
    [[nodiscard]] T& take() noexcept { return *value; }
};

template <>
struct Slot<void> : SlotBase {
    void emplace() noexcept {}
    void get() noexcept {}
    void take() noexcept {}
};

}  // namespace asyncio::detail
