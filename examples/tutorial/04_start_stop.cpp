// Scheduling is not running: a task does its first step when the loop runs. The life of a loop: run, stop, close.

#include "say.hpp"

int main() {
    auto loop = asyncio::new_event_loop();
    auto task = loop->create_task(say_helloworld());
    loop->call_soon([&] { loop->stop(); });  // without it, run_forever() would not return
    loop->run_forever();
    std::printf("%s %d %d\n", task.result().c_str(), loop->is_running(), loop->is_closed());

    loop->close();
    try {
        loop->run_forever();
    } catch (const asyncio::RuntimeError& error) {
        std::puts(error.what());
    }
    return 0;
}
