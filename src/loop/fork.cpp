#include "fork.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/creation_places.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <pthread.h>

#include <utility>

namespace asyncio::detail {

namespace {

constinit Atomic<std::uint32_t> generation{0};

void before_fork() {
    hold_log();  // first: a sink may do anything
    hold_places();
    hold_pool();
}
void after_fork_in_parent() {
    release_pool();
    release_places();
    release_log();
}
void after_fork_in_child() {
    release_pool();
    release_places();
    release_log_of_parent();
    generation.fetch_add(1, memory_relaxed);
    empty_places();
    if (LoopCore* loop = std::exchange(running_loop, nullptr)) loop->inherit();
}

}  // namespace

std::uint32_t process_generation() noexcept {
    static const int registered = ::pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
    static_cast<void>(registered);  // without memory for it, forked children fare as if nobody had forked
    return generation.load(memory_relaxed);
}

}  // namespace asyncio::detail
