// A semaphore may be released more often than it was acquired, and then lets more in. A bounded one does not allow it.

#include "say.hpp"

#include <stdexcept>

Coro<> amain() {
    asyncio::Semaphore loose(1);
    loose.release();
    std::printf("semaphore: %td\n", loose.statistics().value);

    asyncio::BoundedSemaphore strict(1);
    co_await strict.acquire();
    strict.release();
    try {
        strict.release();
    } catch (const std::invalid_argument& error) {
        std::puts(error.what());
    }
    std::printf("bounded semaphore: %td\n", strict.statistics().value);
}

int main() {
    asyncio::run(amain());
    return 0;
}
