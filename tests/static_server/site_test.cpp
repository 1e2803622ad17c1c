#include "site.hpp"

#include "temporary_tree.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace static_server {
namespace {

using namespace std::chrono_literals;

/// A site on the simulated network, under the virtual clock: a timeout of a minute passes at once.
class SiteTest : public testing::Test {
protected:
    SiteTest() { directory_.write("small.txt", "small"); }

    template <class Client>
    void serve_to(const SiteOptions& options, Client client) {
        asyncio::testing::run_virtual([&]() -> asyncio::Coro<> {
            const auto site = std::make_shared<Site>(FileTree(directory_.path()), options);
            site_ = site;
            auto on_connection = [site](asyncio::StreamReader reader, asyncio::StreamWriter writer) {
                return Site::serve(site, std::move(reader), std::move(writer));
            };
            auto server = co_await asyncio::start_server(on_connection, "127.0.0.1", 0);
            co_await client(server.port());
            server.close();
        });
    }

    TemporaryTree directory_;
    std::weak_ptr<Site> site_;  // gone when nobody is served any more
};

/// Sends `text` and returns everything that comes until the server closes.
asyncio::Coro<std::string> exchange(std::uint16_t port, std::string text) {
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
    writer.write(text);
    co_return co_await reader.read();
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

const std::string request = "GET /small.txt HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string last_request = "GET /small.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST_F(SiteTest, answers_and_closes_when_asked_to) {
    serve_to({}, [](std::uint16_t port) -> asyncio::Coro<> {
        const std::string answer = co_await exchange(port, last_request);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_TRUE(answer.ends_with("Connection: close\r\n\r\nsmall")) << answer;
    });
}

TEST_F(SiteTest, answers_requests_that_do_not_wait_for_each_other) {
    serve_to({}, [](std::uint16_t port) -> asyncio::Coro<> {
        const std::string answers = co_await exchange(port, request + request + last_request);
        EXPECT_EQ(count(answers, "HTTP/1.1 200 OK\r\n"), 3U) << answers;
        EXPECT_EQ(count(answers, "\r\n\r\nsmall"), 3U) << answers;
    });
}

TEST_F(SiteTest, sends_no_body_after_HEAD) {
    serve_to({}, [](std::uint16_t port) -> asyncio::Coro<> {
        const std::string answer = co_await exchange(port, "HEAD /small.txt HTTP/1.0\r\n\r\n");
        EXPECT_EQ(count(answer, "Content-Length: 5\r\n"), 1U) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
    });
}

TEST_F(SiteTest, sends_a_file_of_many_pieces) {
    std::string content;
    for (int i = 0; content.size() < 1'000'000; ++i) content += std::to_string(i) + " ";
    directory_.write("big.txt", content);
    serve_to({}, [&](std::uint16_t port) -> asyncio::Coro<> {
        const std::string answer = co_await exchange(port, "GET /big.txt HTTP/1.0\r\n\r\n");
        EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), content);
    });
}

TEST_F(SiteTest, tells_a_slow_client_that_time_is_up) {
    serve_to({.timeout = 30s}, [](std::uint16_t port) -> asyncio::Coro<> {
        const auto begin = asyncio::get_running_loop().time();
        const std::string answer = co_await exchange(port, "GET /small.txt HT");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n")) << answer;
        EXPECT_EQ(asyncio::get_running_loop().time() - begin, 30s);
    });
}

TEST_F(SiteTest, does_not_let_a_client_drip) {
    serve_to({.timeout = 30s}, [](std::uint16_t port) -> asyncio::Coro<> {
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
        for (int i = 0; i < 4; ++i) {  // no pause is longer than the timeout, but the request is
            writer.write(std::string(1, "GET "[i]));
            co_await asyncio::sleep(9s);
        }
        const std::string answer = co_await reader.read();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
    });
}

TEST_F(SiteTest, leaves_a_silent_client_without_a_word) {
    serve_to({.timeout = 30s}, [](std::uint16_t port) -> asyncio::Coro<> {
        const std::string nothing = co_await exchange(port, "");
        EXPECT_EQ(nothing, "");
    });
}

TEST_F(SiteTest, gives_up_a_client_that_takes_nothing_in) {
    directory_.write("big.txt", std::string(8'000'000, 'x'));
    serve_to({.timeout = 30s, .max_connections = 1}, [](std::uint16_t port) -> asyncio::Coro<> {
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
        writer.write("GET /big.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        co_await asyncio::sleep(29s);
        const std::string refused = co_await exchange(port, last_request);
        EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << "the first connection is still served: " << refused;
        co_await asyncio::sleep(2s);
        const std::string answer = co_await exchange(port, last_request);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << "the first connection was given up: " << answer;
    });
}

TEST_F(SiteTest, refuses_connections_over_its_limit) {
    serve_to({.max_connections = 2}, [](std::uint16_t port) -> asyncio::Coro<> {
        auto first = co_await asyncio::open_connection("127.0.0.1", port);
        auto second = co_await asyncio::open_connection("127.0.0.1", port);
        const std::string refused = co_await exchange(port, last_request);
        EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << refused;
        EXPECT_EQ(count(refused, "Retry-After: 1\r\n"), 1U) << refused;
        first.second.close();
        co_await first.second.wait_closed();
        co_await asyncio::sleep(1s);
        const std::string answer = co_await exchange(port, last_request);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    });
}

TEST_F(SiteTest, does_not_wait_for_clients_it_has_refused) {
    serve_to({.max_connections = 1}, [](std::uint16_t port) -> asyncio::Coro<> {
        auto served = co_await asyncio::open_connection("127.0.0.1", port);
        std::vector<std::pair<asyncio::StreamReader, asyncio::StreamWriter>> silent;
        for (int i = 0; i < 10; ++i) {
            silent.push_back(co_await asyncio::open_connection("127.0.0.1", port));
            const std::string refused = co_await silent.back().first.read();
            EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
        }
        served.second.close();
        co_await served.second.wait_closed();
        co_await asyncio::sleep(1s);
        const std::string answer = co_await exchange(port, last_request);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << "the silent ones take no place: " << answer;
    });
}

TEST_F(SiteTest, lets_a_refusal_arrive_while_the_client_still_sends) {
    serve_to({}, [](std::uint16_t port) -> asyncio::Coro<> {
        const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
        const std::string answer = co_await exchange(port, head + std::string(1'000'000, 'x'));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
        EXPECT_TRUE(answer.ends_with("413 Payload Too Large\n")) << answer;
    });
}

TEST_F(SiteTest, aborts_when_a_file_gets_shorter_on_the_way) {
    directory_.write("big.txt", std::string(8'000'000, 'x'));
    serve_to({}, [this](std::uint16_t port) -> asyncio::Coro<> {
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
        writer.write("GET /big.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        co_await reader.readuntil("\r\n\r\n");
        std::filesystem::resize_file(directory_.path() / "big.txt", 1'000'000);
        std::size_t received = 0;
        bool ended = false;
        try {
            while (!ended) {
                const std::string piece = co_await reader.read(65536);
                received += piece.size();
                ended = piece.empty();
            }
        } catch (const std::system_error&) {
            ended = true;
        }
        EXPECT_LT(received, 8'000'000U);
        const std::string answer = co_await exchange(port, last_request);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << "others are still served: " << answer;
    });
}

TEST_F(SiteTest, may_end_while_connections_are_open) {
    std::optional<std::pair<asyncio::StreamReader, asyncio::StreamWriter>> open;
    serve_to({}, [&](std::uint16_t port) -> asyncio::Coro<> {
        open = co_await asyncio::open_connection("127.0.0.1", port);
        open->second.write(request);
        co_await open->first.readuntil("small");
    });
    EXPECT_TRUE(site_.expired()) << "whoever was still served has been cancelled";
}

TEST_F(SiteTest, holds_answers_back_by_the_latency) {
    serve_to({.latency = 20ms}, [](std::uint16_t port) -> asyncio::Coro<> {
        const auto begin = asyncio::get_running_loop().time();
        co_await exchange(port, request + last_request);
        EXPECT_EQ(asyncio::get_running_loop().time() - begin, 40ms);
    });
}

}  // namespace
}  // namespace static_server
