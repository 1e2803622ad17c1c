// Two other orders: the smallest first, and the last one first. Otherwise they are queues like Queue.

#include "say.hpp"

#include <utility>

Coro<> amain() {
    asyncio::PriorityQueue<std::pair<int, std::string>> urgent;
    co_await urgent.put({3, "c"});
    co_await urgent.put({1, "a"});
    co_await urgent.put({2, "b"});
    co_await urgent.put({1, "B"});  // a tie: the next member decides
    while (!urgent.empty()) {
        auto [priority, name] = co_await urgent.get();
        std::printf("(%d,%s)\n", priority, name.c_str());
    }

    asyncio::LifoQueue<std::string> stack;
    for (auto name : {"a", "b", "c"}) co_await stack.put(name);
    while (!stack.empty()) {
        auto name = co_await stack.get();
        std::puts(name.c_str());
    }
}

int main() {
    asyncio::run(amain());
    return 0;
}
