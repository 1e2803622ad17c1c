// run_until_complete() runs the loop as long as one coroutine takes, and returns what that returns. Which kind of loop
// new_event_loop() makes is the policy's business, and the program's output is the same on each.

#include "say.hpp"

int main() {
    auto loop = asyncio::new_event_loop();
    std::puts(loop->run_until_complete(say_helloworld()).c_str());
    loop->close();
    return 0;
}
