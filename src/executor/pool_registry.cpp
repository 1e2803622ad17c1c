#include "pool_registry.hpp"

#include "thread_pool.hpp"

#include <asyncio/base/atomic.hpp>

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace asyncio::detail {

namespace {

constinit Atomic<std::uint32_t> generation{0};
constinit Atomic<bool> ending{false};

struct Registry {
    std::mutex mutex;
    std::vector<std::weak_ptr<ThreadPool>> pools;
    std::optional<pthread_t> left;
    std::mutex joining;  // held while joining: whoever finds nothing left knows that all have been joined
};

/// Never destroyed, since threads may end after static destructors ran.
Registry& registry() {
    static Registry* const instance = new Registry;
    return *instance;
}

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
    registry().joining.lock();
    registry().mutex.lock();
}

void after_fork_in_parent() {
    registry().mutex.unlock();
    registry().joining.unlock();
}

void after_fork_in_child() {
    generation.fetch_add(1, memory_relaxed);
    registry().left.reset();
    after_fork_in_parent();
}

void prepare_for_end_and_fork() {
    static const bool once = [] {
        registry();
        std::atexit(&finish_pools);
        pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
        return true;
    }();
    static_cast<void>(once);
}

}  // namespace

std::uint32_t fork_generation() noexcept {
    return generation.load(memory_relaxed);
}

bool program_ends() noexcept {
    return ending.load(memory_acquire);
}

void watch_forks() {
    prepare_for_end_and_fork();
}

void enter_pool(const std::shared_ptr<ThreadPool>& pool) {
    prepare_for_end_and_fork();
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
