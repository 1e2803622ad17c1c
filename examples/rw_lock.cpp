// A read-write lock: any number of tasks look something up in a table, and one that loads it anew has it for itself.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <map>
#include <string>

using namespace std::chrono_literals;

struct Table {
    asyncio::RWLock lock;
    std::map<std::string, int> prices{{"apple", 1}, {"pear", 2}};
};

asyncio::Coro<> look_up(Table& table, std::string name) {
    auto guard = co_await table.lock.read_guard();  // together with other readers
    co_await asyncio::sleep(2ms);                   // the table stays as it is meanwhile
    std::printf("%s: %d\n", name.c_str(), table.prices.at(name));
}

asyncio::Coro<> reload(Table& table) {
    auto guard = co_await table.lock.write_guard();  // alone; readers that come later wait behind it
    table.prices.clear();
    co_await asyncio::sleep(2ms);
    table.prices = {{"apple", 10}, {"pear", 20}};
    std::printf("loaded anew\n");
}

asyncio::Coro<> amain() {
    Table table;
    co_await asyncio::gather(look_up(table, "apple"), look_up(table, "pear"), reload(table), look_up(table, "apple"));
}

int main() {
    asyncio::run(amain());
}
