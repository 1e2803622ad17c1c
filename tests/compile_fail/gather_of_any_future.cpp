// gcc: what AnyFuture and AnyTask give is not known: wait for those
// clang: what AnyFuture and AnyTask give is not known: wait for those

#include <asyncio/task/gather.hpp>
#include <asyncio/task/wait.hpp>

#include <vector>

asyncio::Coro<> use(std::vector<asyncio::AnyFuture> futures) {
#ifdef MISTAKE
    co_await asyncio::gather(futures);
#else
    co_await asyncio::wait(futures);
#endif
}
