#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/clock.hpp>

#include <source_location>
#include <string>
#include <type_traits>
#include <typeinfo>

namespace asyncio::detail {

/// How many loops of the program are in debug mode. While there are any, the places where futures, tasks, handles and
/// coroutines are made are kept in a table beside them, so that none of them is bigger for it.
extern constinit Atomic<int> debugging_loops;

[[nodiscard]] inline bool keeping_places() noexcept {
    return debugging_loops.load(memory_relaxed) != 0;
}
/// One loop more, or less, in debug mode.
void count_debugging_loop(int change) noexcept;

/// Around a fork: nobody may hold the tables while it happens, or the child would wait for them for ever.
void hold_places() noexcept;
void release_places() noexcept;

/// The place that a call was made from, as a defaulted last parameter. Nothing but that can be one by accident.
class CallPlace {
public:
    explicit constexpr CallPlace(const std::source_location& place) noexcept : where(place) {}
    std::source_location where;
};

/// Keeps where `object` was made. A place of line 0 is not known: then the stack of the caller is kept. True when there
/// is something to drop later; false when there is no memory.
[[nodiscard]] bool keep_place(const void* object, const std::source_location& place) noexcept;
void drop_place(const void* object) noexcept;
/// "file:line", or "f()" when only the function is known, or nothing. Throws std::bad_alloc.
[[nodiscard]] std::string creation_place(const void* object);
/// " created at file:line", or nothing.
[[nodiscard]] std::string created_at(const void* object);

/// Keeps the stack that calls a coroutine function. Coroutines do not drop it: the next one in the same memory replaces
/// it, and all are dropped when no loop is in debug mode any more.
void keep_coroutine(const void* promise) noexcept;
void drop_coroutine(const void* promise) noexcept;
/// As creation_place, for a coroutine of `function`, which is called `name`.
[[nodiscard]] std::string coroutine_place(const void* promise, const std::source_location& function,
                                          const std::string& name);

/// What this thread has spent so far in reading debug information, which takes a tenth of a second at the first time.
[[nodiscard]] Clock::duration time_of_lookups() noexcept;

/// "f" for whatever can be called: the function of `address`, unless that is null or unknown; else from the type.
[[nodiscard]] std::string callable_name(const std::type_info& type, const void* address = nullptr);

template <class F>
[[nodiscard]] std::string name_of_callable(const F& callable) {
    if constexpr (std::is_pointer_v<F>) {
        return callable_name(typeid(F), reinterpret_cast<const void*>(callable));
    } else {
        return callable_name(typeid(F));
    }
}

}  // namespace asyncio::detail
