// As the program before, with a predicate: whoever changes the list notifies each time, and those who wait look for
// themselves.

#include "say.hpp"

#include <vector>

struct Party {
    asyncio::Condition condition;
    std::vector<std::string> pair;
    int asked = 0;

    bool paired() {
        ++asked;
        return pair.size() == 2;
    }
};

Coro<> check(Party& party, std::string someone) {
    co_await asyncio::sleep(100ms);
    if (!someone.starts_with("single")) co_return;
    auto guard = co_await party.condition.guard();
    party.pair.push_back(someone);
    party.condition.notify_all();
}

Coro<> invite(Party& party, std::string someone) {
    std::printf("%s waiting for the invitation.\n", someone.c_str());
    auto guard = co_await party.condition.guard();
    if (co_await party.condition.wait_for([&] { return party.paired(); }))
        std::printf("%s received the invitation.\n", someone.c_str());
}

Coro<> amain() {
    Party party;
    std::vector<asyncio::Task<>> tasks;
    for (auto who : {"single_Zhang", "single_Wang"}) tasks.push_back(asyncio::create_task(check(party, who)));
    for (auto who : {"Li", "Zhao", "Sun", "Qian"}) tasks.push_back(asyncio::create_task(invite(party, who)));
    co_await asyncio::wait(tasks);
    std::printf("predicate asked %d times\n", party.asked);
}

int main() {
    asyncio::run(amain());
    return 0;
}
