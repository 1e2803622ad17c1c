// A condition guards a list that tasks change and wait for: the friends wait until two singles are a pair.

#include "say.hpp"

#include <vector>

struct Party {
    asyncio::Condition condition;
    std::vector<std::string> pair;
};

Coro<> check(Party& party, std::string someone) {
    co_await asyncio::sleep(100ms);
    if (!someone.starts_with("single")) co_return;
    auto guard = co_await party.condition.guard();
    party.pair.push_back(someone);
    if (party.pair.size() == 2) party.condition.notify_all();
}

Coro<> invite(Party& party, std::string someone) {
    std::printf("%s waiting for the invitation.\n", someone.c_str());
    auto guard = co_await party.condition.guard();
    co_await party.condition.wait();
    std::printf("%s received the invitation.\n", someone.c_str());
}

Coro<> amain() {
    Party party;
    std::vector<asyncio::Task<>> tasks;
    for (auto who : {"single_Zhang", "single_Wang"}) tasks.push_back(asyncio::create_task(check(party, who)));
    for (auto who : {"Li", "Zhao", "Sun", "Qian"}) tasks.push_back(asyncio::create_task(invite(party, who)));
    co_await asyncio::wait(tasks);
}

int main() {
    asyncio::run(amain());
    return 0;
}
