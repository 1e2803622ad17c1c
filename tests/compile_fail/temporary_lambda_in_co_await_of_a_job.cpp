// gcc: GCC before 14 destroys a temporary lambda or aggregate twice inside co_await: name the task or future first

#include <asyncio/executor/thread_pool_executor.hpp>
#include <asyncio/executor/wrap_future.hpp>

#include <string>

asyncio::Coro<> use(std::string name, asyncio::futures::ThreadPoolExecutor& pool) {
#ifdef MISTAKE
    co_await asyncio::wrap_future(pool.submit([name] { return name.size(); }));
#else
    auto job = pool.submit([name] { return name.size(); });
    co_await asyncio::wrap_future(job);
#endif
}
