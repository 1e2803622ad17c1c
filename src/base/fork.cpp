#include <asyncio/base/fork.hpp>

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/creation_places.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/base/passing_memory.hpp>

#include <pthread.h>
#include <unistd.h>

#include <cstddef>

namespace asyncio::detail {

namespace {

constexpr std::size_t count = static_cast<std::size_t>(ForkOrder::memory) + 1;

constexpr ForkHook log_hook{nullptr, nullptr, &release_log_of_parent};
constexpr ForkHook places_hook{&hold_places, &release_places, nullptr};
constexpr ForkHook memory_hook{[] {
                                   hold_pool();
                                   hold_passing_memory();
                               },
                               [] {
                                   release_passing_memory();
                                   release_pool();
                               },
                               nullptr};

constinit Atomic<std::uint32_t> generation{0};
constinit Atomic<const ForkHook*> hooks[count] = {nullptr, nullptr, &log_hook,    nullptr,
                                                  nullptr, nullptr, &places_hook, &memory_hook};
static_assert(static_cast<std::size_t>(ForkOrder::log) == 2 && static_cast<std::size_t>(ForkOrder::places) == 6);

/// Those that were called before the fork: a hook may be entered by another thread meanwhile. Guarded by the log's
/// mutex.
const ForkHook* called[count];

void before_fork() {
    hold_log();  // first, since it guards `called`; what is before it in the order has nothing to hold
    for (std::size_t i = 0; i < count; ++i) {
        const ForkHook* hook = hooks[i].load(memory_acquire);
        if (hook != nullptr && hook->hold != nullptr) hook->hold();
        called[i] = hook;
    }
}
void after_fork_in_parent() {
    for (std::size_t i = count; i-- > 0;) {
        const ForkHook* hook = called[i];
        if (hook != nullptr && hook->release != nullptr) hook->release();
    }
    release_log();
}
void after_fork_in_child() {
    generation.fetch_add(1, memory_relaxed);
    for (std::size_t i = count; i-- > 0;) {
        const ForkHook* hook = called[i];
        if (hook == nullptr) continue;
        if (void (*const run)() = hook->in_child != nullptr ? hook->in_child : hook->release; run != nullptr) run();
    }
}

// Not when it is first needed: the guard of that moment might be what the child inherits locked. Without memory for
// it, forked children fare as if nobody had forked.
[[maybe_unused]] const int registered = ::pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);

}  // namespace

std::uint32_t process_generation() noexcept {
    return generation.load(memory_relaxed);
}

std::int32_t thread_number() noexcept {
    struct Known {
        std::int32_t number = 0;
        std::uint32_t process = 0;
    };
    static thread_local constinit Known known;
    const std::uint32_t process = process_generation();
    if (known.number == 0 || known.process != process) [[unlikely]]
        known = {static_cast<std::int32_t>(::gettid()), process};
    return known.number;
}

bool in_first_thread() noexcept {
    return ::gettid() == ::getpid();
}

void at_fork(ForkOrder place, const ForkHook& hook) noexcept {
    hooks[static_cast<std::size_t>(place)].store(&hook, memory_release);
}

}  // namespace asyncio::detail
