// A future is a place for a result that comes later: one task sets it, callbacks hear of it.

#include "say.hpp"

Coro<std::string> take_exam(asyncio::Future<int> score) {
    co_await asyncio::sleep(1s);
    score.set_result(100);
    co_return "Exam is completed.";
}

void check_score(asyncio::Future<int> score) {
    std::puts(score.result() >= 60 ? "Passed." : "Failed.");
}

int main() {
    auto loop = asyncio::new_event_loop();
    asyncio::set_event_loop(loop.get());

    auto score = loop->create_future<int>();
    score.add_done_callback(check_score);
    auto task = asyncio::ensure_future(take_exam(score));
    int returned = loop->run_until_complete(score);
    // The task has ended, too: set_result and the return are one step of it.
    std::printf("%s\n%d\n%d\n", task.result().c_str(), score.result(), returned);
    loop->close();
    return 0;
}
