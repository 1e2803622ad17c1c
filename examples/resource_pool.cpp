// A pool of connections: at most two, made when they are needed, checked before they are used again, closed at the end.

#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

struct Connection {
    int number = 0;
    int queries_left = 0;  // this server hangs up after some
};

using Pool = asyncio::ResourcePool<Connection>;

asyncio::Coro<Connection> open_connection(int& opened) {
    co_await asyncio::sleep(1ms);
    const Connection connection{.number = ++opened, .queries_left = 2};
    std::printf("connection %d opened\n", connection.number);
    co_return connection;
}

asyncio::Coro<bool> is_alive(Connection& connection) {
    co_return connection.queries_left > 0;
}

asyncio::Coro<> close_connection(Connection& connection) {
    std::printf("connection %d closed\n", connection.number);
    co_return;
}

asyncio::Coro<> query(Pool& pool, int number) {
    auto connection = co_await pool.acquire();  // goes back at the end of the scope, however that is left
    --connection->queries_left;
    co_await asyncio::sleep(5ms);
    std::printf("query %d by connection %d\n", number, connection->number);
}

asyncio::Coro<> amain() {
    int opened = 0;
    Pool pool(2, [&opened] { return open_connection(opened); }, is_alive, close_connection);
    co_await asyncio::gather(query(pool, 1), query(pool, 2));
    for (int i = 3; i <= 5; ++i) co_await query(pool, i);
    co_await pool.aclose();
}

int main() {
    asyncio::run(amain());
}
