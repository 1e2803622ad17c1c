#include <asyncio/task/async_with.hpp>

#include <asyncio/base/exceptions.hpp>

namespace asyncio::detail {

void throw_no_value() {
    throw RuntimeError(
        "async_with: the context manager dealt with the exception of the body, which has no value therefore");
}

}  // namespace asyncio::detail
