#include <asyncio/task/ensure_future.hpp>

#include <stdexcept>

namespace asyncio::detail {

void expect_loop(LoopCore*& loop, const FutureCore& future) {
    if (loop == nullptr) {
        loop = &future.loop();
    } else if (loop != &future.loop()) {
        throw std::invalid_argument("The future belongs to a different loop than the one expected: " + future.repr());
    }
}

}  // namespace asyncio::detail
