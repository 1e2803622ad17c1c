#include <asyncio/executor/process_pool_executor.hpp>

#include "../loop_threads.hpp"
#include "../pool_registry.hpp"
#include "process_pool.hpp"
#include "program_role.hpp"

#include <asyncio/base/exceptions.hpp>

#include <signal.h>

#include <stdexcept>
#include <utility>

namespace asyncio::futures {

WorkerInitializer::WorkerInitializer() noexcept = default;

ProcessPoolExecutor::ProcessPoolExecutor(const ProcessPoolOptions& options) {
    if (options.max_workers && *options.max_workers <= 0)
        throw std::invalid_argument("max_workers must be greater than 0");
    if (options.max_tasks_per_child && *options.max_tasks_per_child < 1)
        throw std::invalid_argument("max_tasks_per_child must be >= 1");
    if (!detail::main_has_asked_for_workers())
        throw RuntimeError(
            "this program cannot start worker processes: main() does not begin with "
            "'if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);'");
    check_remote_functions();
    pool_ = std::make_shared<detail::ProcessPool>(options);
}

ProcessPoolExecutor::~ProcessPoolExecutor() {
    if (pool_ == nullptr) return;
    pool_->shut_down(false);
    if (!pool_->in_own_thread()) pool_->wait_until_ended();
}

void ProcessPoolExecutor::shutdown(const ShutdownOptions& options) {
    pool_->shut_down(options.cancel_futures);
    if (!options.wait) return;
    if (pool_->in_own_thread()) throw RuntimeError("cannot join current thread");
    pool_->wait_until_ended();
}

Coro<> ProcessPoolExecutor::aclose(bool cancel_futures) {
    pool_->shut_down(cancel_futures);
    const Future<void> ended = pool_->ended();
    co_await ended;
    detail::join_left_threads();  // they have nothing left to do
}

void ProcessPoolExecutor::terminate_workers() {
    pool_->end_workers(SIGTERM);
}

void ProcessPoolExecutor::kill_workers() {
    pool_->end_workers(SIGKILL);
}

std::vector<int> ProcessPoolExecutor::worker_pids() const {
    return pool_->pids();
}

void ProcessPoolExecutor::execute(Job job) {
    job.cancel();
    throw RuntimeError(
        "a process pool runs only functions that have a name in other processes: pool.submit(asyncio::remote<&f>, "
        "args...)");
}

void ProcessPoolExecutor::execute_message(detail::Owner<detail::RemoteMessage> message, std::string_view function) {
    message->function = function;
    if (message->loop != nullptr) detail::LoopThreads::of(*message->loop).fetch_from(pool_);
    pool_->execute(std::unique_ptr<detail::RemoteMessage>(message.release()));
}

}  // namespace asyncio::futures
