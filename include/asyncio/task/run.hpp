#pragma once

#include <asyncio/task/runner.hpp>

#include <exception>
#include <utility>

namespace asyncio {

/// Runs a coroutine, or a callable that returns one, on a new loop, and closes the loop; the main entry of a program.
/// Returns its result or throws its exception, after all other tasks have been cancelled and have ended.
///
///     int main() { asyncio::run(amain(), {.debug = true}); }
///
/// Throws KeyboardInterrupt after Ctrl-C (see Runner); RuntimeError "asyncio.run() cannot be called from a running
/// event loop", and then nothing is started. Mirrors asyncio.run (since 3.7; loop_factory 3.12).
template <detail::TaskSource Coroutine>
decltype(auto) run(Coroutine&& main, const RunOptions& options) {
    detail::require_no_running_loop("asyncio.run()");
    Runner runner(options);
    const auto task = runner.get_loop().create_task(std::forward<Coroutine>(main), {}, {});
    std::exception_ptr error;
    try {
        runner.run_task(task.task_core());
    } catch (...) {
        error = std::current_exception();
    }
    runner.close();
    if (error) std::rethrow_exception(error);
    return detail::take_result<typename decltype(task)::value_type>(task.core());
}

}  // namespace asyncio
