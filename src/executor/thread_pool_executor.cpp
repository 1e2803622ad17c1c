#include <asyncio/executor/thread_pool_executor.hpp>

#include "pool_registry.hpp"
#include "thread_pool.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <stdexcept>
#include <string>

namespace asyncio::futures {

namespace {

std::string numbered(const char* prefix) {
    static constinit detail::Atomic<unsigned> pools{0};
    return prefix + std::to_string(pools.fetch_add(1, detail::memory_relaxed));
}

std::exception_ptr broken_thread_pool(const char* message, const std::exception_ptr&) {
    return std::make_exception_ptr(BrokenThreadPool(message));
}

}  // namespace

ThreadPoolExecutor::ThreadPoolExecutor(const ThreadPoolOptions& options)
    : ThreadPoolExecutor(options, "ThreadPoolExecutor-", &broken_thread_pool) {}

ThreadPoolExecutor::ThreadPoolExecutor(const ThreadPoolOptions& options, const char* default_prefix,
                                       detail::BrokenPoolError* broken) {
    if (options.max_workers && *options.max_workers <= 0)
        throw std::invalid_argument("max_workers must be greater than 0");
    pool_ = std::make_shared<detail::ThreadPool>(
        static_cast<std::size_t>(options.max_workers ? *options.max_workers : detail::sys::count_of_blocking_threads()),
        options.thread_name_prefix.empty() ? numbered(default_prefix) : std::string(options.thread_name_prefix),
        options.initializer.copy(), broken);
    detail::enter_pool(pool_);
}

ThreadPoolExecutor::~ThreadPoolExecutor() {
    pool_->shut_down(false);
    if (abandoned_ || pool_->in_own_thread()) return;
    pool_->wait_until_empty();
    detail::join_left_threads();
}

void ThreadPoolExecutor::shutdown(const ShutdownOptions& options) {
    pool_->shut_down(options.cancel_futures);
    if (!options.wait) return;
    if (pool_->in_own_thread()) throw RuntimeError("cannot join current thread");
    pool_->wait_until_empty();
    detail::join_left_threads();
}

Coro<> ThreadPoolExecutor::aclose(bool cancel_futures) {
    pool_->shut_down(cancel_futures);
    const Future<void> emptied = pool_->emptied();
    co_await emptied;
    detail::join_left_threads();  // they have nothing left to do
}

void ThreadPoolExecutor::execute(Job job) {
    pool_->execute(std::move(job));
}

std::size_t ThreadPoolExecutor::threads() const {
    return pool_->threads();
}

}  // namespace asyncio::futures
