#include "stream_pair.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using asyncio::Coro;
using support::connect_pair;

/// Random sequences against simple models; the same seed gives the same sequence.
class StreamsModel : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(StreamsModel);

namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t end) {
    return random() % end;
}

Coro<> send_in_chunks(asyncio::StreamWriter writer, std::string text, unsigned seed) {
    Random random(seed);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = 1 + below(random, 12);
        writer.write(std::string_view(text).substr(at, size));
        at += size;
        for (std::size_t hops = below(random, 4); hops > 0; --hops) co_await asyncio::sleep(0ms);
    }
    writer.write_eof();
}

/// How a read ended: its result, or the name of its exception with what that carries.
Coro<std::string> outcome(Coro<std::string> read) {
    try {
        std::string data = co_await std::move(read);
        co_return "data " + data;
    } catch (const asyncio::IncompleteReadError& error) {
        co_return "incomplete " + error.partial();
    } catch (const asyncio::LimitOverrunError&) {
        co_return "overrun";
    }
}

/// The stream as a string of what is still to come.
class Model {
public:
    Model(std::string text, std::size_t limit) : rest_(std::move(text)), limit_(limit) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    void check_read(const std::string& got, std::size_t size) {
        ASSERT_TRUE(got.starts_with("data ")) << got;
        const std::string data = got.substr(5);
        EXPECT_EQ(data, take(data.size()));
        EXPECT_LE(data.size(), size);
        EXPECT_FALSE(data.empty());
    }
    void check_exactly(const std::string& got, std::size_t size) {
        const std::string kind = rest_.size() < size ? "incomplete " : "data ";
        EXPECT_EQ(got, kind + take(size));
    }
    void check_until(const std::string& got, const std::string& separator) {
        const std::size_t start = rest_.find(separator);
        const bool found = start != std::string::npos;
        if ((found ? start : rest_.size() + 1 - separator.size()) > limit_) {
            EXPECT_EQ(got, "overrun");
        } else if (found) {
            EXPECT_EQ(got, "data " + take(start + separator.size()));
        } else {
            EXPECT_EQ(got, "incomplete " + take(rest_.size()));
        }
    }

private:
    std::string take(std::size_t size) {
        std::string taken = rest_.substr(0, size);
        rest_.erase(0, size);
        return taken;
    }

    std::string rest_;
    std::size_t limit_;
};

Coro<> read_randomly(asyncio::StreamReader reader, Model model, unsigned seed) {
    Random random(seed);
    while (!model.empty() && !testing::Test::HasFailure()) {
        const std::size_t kind = below(random, 3);
        const std::size_t size = 1 + below(random, 20);
        const std::string separator = below(random, 2) == 0 ? "\n" : "ab";
        Coro<std::string> read = kind == 0   ? reader.read(static_cast<std::int64_t>(size))
                                 : kind == 1 ? reader.readexactly(static_cast<std::int64_t>(size))
                                             : reader.readuntil(separator);
        auto task = asyncio::create_task(outcome(std::move(read)));
        if (below(random, 3) == 0) {
            for (std::size_t hops = below(random, 5); hops > 0; --hops) co_await asyncio::sleep(0ms);
            task.cancel();
        }
        co_await support::ended(task);
        if (task.cancelled()) continue;  // nothing may be lost
        const std::string got = task.result();
        if (kind == 0) model.check_read(got, size);
        if (kind == 1) model.check_exactly(got, size);
        if (kind == 2) model.check_until(got, separator);
    }
    EXPECT_EQ(co_await reader.read(1), "");
    EXPECT_TRUE(reader.at_eof());
}

Coro<> echo(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    try {
        for (;;) {
            const std::string data = co_await reader.read(4096);
            if (data.empty()) break;
            writer.write(data);
            co_await writer.drain();
        }
    } catch (const std::system_error&) {
        // A client that aborted.
    }
    writer.close();
}

Coro<> ask(std::uint16_t port, unsigned seed) {
    Random random(seed);
    const std::string data(1 + below(random, 20'000), static_cast<char>('a' + seed % 26));
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
    writer.write(data);
    if (seed % 5 == 0) {
        writer.abort();
    } else if (seed % 2 == 0) {
        writer.write_eof();
        EXPECT_EQ(co_await reader.read(), data);
    } else {
        EXPECT_EQ(co_await reader.readexactly(static_cast<std::int64_t>(data.size())), data);
    }
    writer.close();
}

}  // namespace

TEST_P(StreamsModel, READER_21_random_reads_and_cancels_of_random_chunks) {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        run([seed]() -> Coro<> {
            Random random(seed);
            std::string text;
            for (int i = 0; i < 200; ++i) text += "aabcdefg\n"[below(random, 9)];
            const std::size_t limit = seed % 2 == 0 ? 8 : 1000;
            auto pair = co_await connect_pair(limit);
            auto sender = asyncio::create_task(send_in_chunks(pair.peer_writer, text, seed));
            co_await read_randomly(pair.reader, Model(text, limit), seed + 1000);
            co_await sender;
        });
    }
}

TEST_P(StreamsModel, STREAM_11_many_clients_get_their_bytes_back) {
    run([]() -> Coro<> {
        const auto before = support::open_descriptors();
        auto server = co_await asyncio::start_server(echo, "127.0.0.1", 0, {.backlog = 200});
        std::vector<asyncio::Task<void>> clients;
        for (unsigned seed = 1; seed <= 100; ++seed) clients.push_back(asyncio::create_task(ask(server.port(), seed)));
        for (auto& client : clients) co_await client;
        server.close();
        co_await server.wait_closed();
        co_await support::settle();
        EXPECT_EQ(asyncio::all_tasks().size(), 1U);
        EXPECT_EQ(support::open_descriptors(), before);
    });
}
