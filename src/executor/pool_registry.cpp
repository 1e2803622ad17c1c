#include "pool_registry.hpp"

#include "thread_pool.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/fork.hpp>

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace asyncio::detail {

namespace {

constinit Atomic<bool> ending{false};

struct Registry {
    std::mutex mutex;
    std::vector<std::weak_ptr<ThreadPool>> pools;
    std::optional<pthread_t> left;
    std::mutex joining;  // held while joining: whoever finds nothing left knows that all have been joined
};

Registry& registry();

void finish_pools() {
    ending.store(true, memory_release);
    std::vector<std::shared_ptr<ThreadPool>> pools;
    {
        const std::lock_guard lock(registry().mutex);
        for (const auto& pool : registry().pools) {
            if (auto living = pool.lock()) pools.push_back(std::move(living));
        }
    }
    for (const auto& pool : pools) pool->shut_down(false);
    for (const auto& pool : pools) pool->wait_until_empty();
    join_left_threads();
}

void before_fork() {
    registry().mutex.lock();
}
void after_fork_in_parent() {
    registry().mutex.unlock();
}
void after_fork_in_child() {
    registry().left.reset();
    registry().mutex.unlock();
    // Nobody joins here. It is not held across the fork, which would have to wait for whoever is being joined.
    new (&registry().joining) std::mutex;
}
constexpr ForkHook fork_hook{&before_fork, &after_fork_in_parent, &after_fork_in_child};

/// Never destroyed, since threads may end after static destructors ran.
Registry& registry() {
    static Registry* const instance = [] {
        std::atexit(&finish_pools);
        at_fork(ForkOrder::pools, fork_hook);
        return new Registry;
    }();
    return *instance;
}

}  // namespace

bool program_ends() noexcept {
    return ending.load(memory_acquire);
}

void enter_pool(const std::shared_ptr<ThreadPool>& pool) {
    const std::lock_guard lock(registry().mutex);
    std::erase_if(registry().pools, [](const auto& entry) { return entry.expired(); });
    registry().pools.push_back(pool);
}

void leave_to_be_joined() noexcept {
    std::optional<pthread_t> previous;
    {
        const std::lock_guard lock(registry().mutex);
        previous = std::exchange(registry().left, pthread_self());
    }
    if (previous) pthread_join(*previous, nullptr);
}

void join_left_threads() noexcept {
    const std::lock_guard joining(registry().joining);
    std::optional<pthread_t> left;
    {
        const std::lock_guard lock(registry().mutex);
        left = std::exchange(registry().left, std::nullopt);
    }
    if (left) pthread_join(*left, nullptr);
}

}  // namespace asyncio::detail
