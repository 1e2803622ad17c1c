#include "stream_pair.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using asyncio::Coro;

namespace {

constexpr std::size_t model_limit = 64;

/// What a reader does, on a string that is all there from the beginning. Valid where the outcome does not depend on
/// how the data was cut: every line of the data is within the limit.
class Model {
public:
    explicit Model(std::string data) : rest_(std::move(data)) {}

    [[nodiscard]] std::string_view rest() const { return rest_; }
    std::string take(std::size_t size) {
        std::string taken = rest_.substr(0, size);
        rest_.erase(0, taken.size());
        return taken;
    }
    std::string take_until(std::string_view separator) {
        const auto place = rest_.find(separator);
        return take(place == std::string::npos ? rest_.size() : place + separator.size());
    }

private:
    std::string rest_;
};

std::string random_text(std::mt19937& random, std::size_t size) {
    std::string text;
    std::size_t line = 0;
    while (text.size() < size) {
        const bool newline = line >= model_limit / 2 || random() % 12 == 0;
        text += newline ? '\n' : static_cast<char>('a' + random() % 4);
        line = newline ? 0 : line + 1;
    }
    return text;
}

Coro<> feed(asyncio::StreamWriter writer, std::string text, std::uint32_t seed) {
    std::mt19937 random(seed);
    for (std::size_t sent = 0; sent < text.size();) {
        const std::size_t size = std::min<std::size_t>(1 + random() % 40, text.size() - sent);
        writer.write(std::string_view(text).substr(sent, size));
        sent += size;
        if (random() % 3 == 0) co_await asyncio::sleep(0ms);
        if (random() % 16 == 0) co_await asyncio::sleep(1ms);
    }
    writer.close();
    co_await writer.wait_closed();
}

/// One random call; the result as text, with what was thrown.
Coro<std::string> one_read(asyncio::StreamReader reader, std::uint32_t kind, std::size_t size) {
    try {
        switch (kind) {
            case 0:
                co_return co_await reader.readline();
            case 1:
                co_return co_await reader.readexactly(static_cast<std::int64_t>(size));
            case 2:
                co_return co_await reader.readuntil({"ab\n", "\n"});
            case 3: {
                std::string target(size, '\0');
                co_await reader.readexactly_into(std::as_writable_bytes(std::span(target)));
                co_return target;
            }
            default: {
                std::string target(size, '\0');
                target.resize(co_await reader.read_into(std::as_writable_bytes(std::span(target))));
                co_return target;
            }
        }
    } catch (const asyncio::IncompleteReadError& error) {
        co_return "incomplete:" + error.partial();
    }
}

std::string expected_of(Model& model, std::uint32_t kind, std::size_t size, const std::string& got) {
    const bool whole = kind == 1 || kind == 3 ? model.rest().size() >= size
                                              : kind != 2 || model.rest().find('\n') != std::string_view::npos;
    if (!whole) return "incomplete:" + model.take(model.rest().size());
    switch (kind) {
        case 0:
        case 2:
            return model.take_until("\n");
        case 1:
        case 3:
            return model.take(size);
        default:  // any number of bytes, but at least one before the end
            EXPECT_TRUE(!got.empty() || model.rest().empty());
            return model.take(got.size());
    }
}

Coro<> compare_with_model(std::uint32_t seed) {
    std::mt19937 random(seed);
    const std::string text = random_text(random, 3000);
    auto pair = co_await support::connect_pair(model_limit);
    auto feeder = asyncio::create_task(feed(pair.peer_writer, text, seed + 1));
    Model model(text);
    while (!model.rest().empty()) {
        const std::uint32_t kind = random() % 5;
        const std::size_t size = 1 + random() % 50;
        auto task = asyncio::create_task(one_read(pair.reader, kind, size));
        if (random() % 3 == 0) {
            for (std::uint32_t hops = random() % 4; hops > 0; --hops) co_await asyncio::sleep(0ms);
            task.cancel();
        }
        co_await support::ended(task);
        if (task.cancelled()) continue;
        const std::string got = task.result();
        EXPECT_EQ(got, expected_of(model, kind, size, got)) << "kind " << kind << " size " << size;
        if (::testing::Test::HasFailure()) break;
    }
    EXPECT_EQ(co_await pair.reader.read(), "");
    co_await feeder;
}

}  // namespace

TEST(StreamSeeds, READER_21_with_a_network_that_varies_what_it_may) {
    for (std::uint32_t seed = 1; seed <= 30 && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        asyncio::testing::run_virtual(compare_with_model(seed), {.seed = seed, .buffer_size = 100});
    }
}
