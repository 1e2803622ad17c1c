// One policy for the process, which says what a new loop is; one current loop for each thread. asyncio::X() asks the
// policy.

#include "say.hpp"

#include <memory>
#include <thread>

struct CountingPolicy : asyncio::DefaultEventLoopPolicy {
    int created = 0;
    std::unique_ptr<asyncio::EventLoop> new_event_loop() override {
        ++created;
        return DefaultEventLoopPolicy::new_event_loop();
    }
};

void in_another_thread() {
    try {
        static_cast<void>(asyncio::get_event_loop());
    } catch (const asyncio::RuntimeError&) {
        std::puts("RuntimeError");  // only the first thread gets a loop unasked
    }
    auto own = asyncio::new_event_loop();
    asyncio::set_event_loop(own.get());
    std::printf("%d\n", &asyncio::get_event_loop() == own.get());
    own->close();
}

int main() {
    auto policy = std::make_shared<CountingPolicy>();
    asyncio::set_event_loop_policy(policy);
    std::printf("%d\n", asyncio::get_event_loop_policy() == policy);

    auto loop = asyncio::new_event_loop();
    asyncio::set_event_loop(loop.get());
    std::printf("%d %d\n", policy->created, &asyncio::get_event_loop() == loop.get());

    std::thread(in_another_thread).join();
    loop->close();
    asyncio::set_event_loop_policy(nullptr);  // a default one again
    return 0;
}
