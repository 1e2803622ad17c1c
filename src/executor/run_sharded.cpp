#include <asyncio/executor/run_sharded.hpp>

#include "pool_registry.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <memory>
#include <string>

namespace asyncio::detail {

ShardGroup::ShardGroup(std::size_t count, Main main, const ShardOptions& options)
    : main_(std::move(main)),
      options_(options),
      shards_(count),
      others_(count - 1) {
    static_cast<void>(others_ended_.set_running_or_notify_cancel());  // nobody cancels it
    if (others_ == 0) others_ended_.set_result();
}

void ShardGroup::run() {
    for (std::size_t index = 1; index < shards_.size(); ++index) {
        auto start = std::make_unique<Start>(Start{this, index});
        {
            const std::lock_guard lock(mutex_);
            ++threads_;
        }
        const long error = sys::start_thread(&thread_main, start.get());
        if (error == 0) {
            static_cast<void>(start.release());
            continue;
        }
        const std::lock_guard lock(mutex_);
        --threads_;
        if (error_ == nullptr)
            error_ = os_error(static_cast<int>(-error), "start the thread of shard " + std::to_string(index));
        changed_.notify_all();
        break;
    }
    run_shard(0);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return threads_ == 0; });
    lock.unlock();
    join_left_threads();
    if (error_) std::rethrow_exception(error_);
}

void* ShardGroup::thread_main(void* start) noexcept {
    const std::unique_ptr<Start> owned(static_cast<Start*>(start));
    ShardGroup& group = *owned->group;
    group.run_shard(owned->index);
    group.end_shard();
    leave_to_be_joined();
    const std::lock_guard lock(group.mutex_);
    --group.threads_;
    group.changed_.notify_all();
    return nullptr;
}

void ShardGroup::run_shard(std::size_t index) noexcept {
    try {
        run_on_new_loop(index);
    } catch (...) {
        fail(std::current_exception());
    }
}

void ShardGroup::end_shard() noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (--others_ != 0) return;
    }
    others_ended_.set_result();
}

void ShardGroup::run_on_new_loop(std::size_t index) {
    Runner runner({.debug = options_.debug});
    EventLoop& loop = runner.get_loop();
    {
        const std::lock_guard lock(mutex_);
        shards_[index].loop = &loop;
        ++ready_;
        changed_.notify_all();
    }
    std::exception_ptr error;
    try {
        if (wait_for_all_loops()) main_(runner, index);
    } catch (...) {
        error = std::current_exception();
    }
    {
        const std::lock_guard lock(mutex_);
        shards_[index].loop = nullptr;  // nobody calls it any more
    }
    shards_[index].main.reset();
    if (error) fail(std::move(error));  // before its own tasks are cancelled, so that all end at once
    runner.close();
}

/// False when a shard has failed before all were there.
bool ShardGroup::wait_for_all_loops() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_ == shards_.size() || error_ != nullptr; });
    return error_ == nullptr;
}

void ShardGroup::enter_main_task(std::size_t index) {
    const std::lock_guard lock(mutex_);
    if (error_ != nullptr) throw CancelledError();
    shards_[index].main = current_task();
}

void ShardGroup::fail(std::exception_ptr error) noexcept {
    const std::lock_guard lock(mutex_);
    if (error_ != nullptr) return;  // the end of the others is due to the first
    error_ = std::move(error);
    changed_.notify_all();
    for (Shard& shard : shards_) {
        if (shard.loop == nullptr) continue;
        try {
            shard.loop->call_soon_threadsafe([&shard] {
                if (shard.main) shard.main->cancel();
            });
        } catch (...) {
            // Without memory, it goes on until its own end.
        }
    }
}

}  // namespace asyncio::detail
