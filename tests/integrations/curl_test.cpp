#include <asyncio/integrations/curl/curl.hpp>

#include "crawler/hostile_server.hpp"

#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::curl::Easy;
using asyncio::curl::Error;
using asyncio::curl::Multi;
using crawler::testing::Connection;
using crawler::testing::HostileServer;
using crawler::testing::RefusingPort;
using crawler::testing::Request;

namespace {

class CurlTest : public ::testing::Test {
protected:
    ~CurlTest() override { loop.close(); }

    Easy request(const std::string& path) {
        Easy easy;
        easy.set_url(server.url(path));
        easy.on_body([this](std::string_view piece) {
            body += piece;
            return true;
        });
        return easy;
    }

    void perform(Easy& easy) {
        loop.run_until_complete([&]() -> Coro<> { co_await multi.perform(easy); });
    }

    /// The CURLcode that the transfer fails with.
    int failure(Easy& easy) {
        try {
            perform(easy);
            return CURLE_OK;
        } catch (const Error& error) {
            EXPECT_EQ(&error.code().category(), &asyncio::curl::category());
            EXPECT_NE(std::string(error.what()).find(easy.url()), std::string::npos) << error.what();
            return error.code().value();
        }
    }

    HostileServer server;
    asyncio::EventLoop loop;
    Multi multi{loop};
    std::string body;
};

TEST_F(CurlTest, get_delivers_status_headers_and_body) {
    server.on("/x", [](Connection& connection, const Request&) {
        connection.reply(200, std::string(300'000, 'y'), "Content-Type: text/plain\r\nX-Colour:  blue \r\n");
    });
    Easy easy = request("/x");
    std::string colour;
    easy.on_header([&](std::string_view name, std::string_view value) {
        if (name == "X-Colour") colour = value;
    });
    perform(easy);
    EXPECT_EQ(easy.status(), 200);
    EXPECT_EQ(easy.content_type(), "text/plain");
    EXPECT_EQ(colour, "blue");
    EXPECT_EQ(body, std::string(300'000, 'y'));
    EXPECT_EQ(easy.body_size(), 300'000u);
    EXPECT_EQ(easy.announced_size(), 300'000);
    EXPECT_EQ(multi.active(), 0u);
}

TEST_F(CurlTest, error_status_is_no_failure) {
    Easy easy = request("/missing");
    perform(easy);
    EXPECT_EQ(easy.status(), 404);
}

TEST_F(CurlTest, head_asks_for_no_body) {
    server.page("/x", "body");
    Easy easy = request("/x");
    easy.set_head_only(true);
    perform(easy);
    EXPECT_EQ(body, "");
    EXPECT_EQ(server.count("HEAD /x"), 1u);
    easy.set_head_only(false);
    perform(easy);
    EXPECT_EQ(body, "body");
}

TEST_F(CurlTest, redirects_are_followed_only_when_asked_for) {
    server.on("/old", [](Connection& connection, const Request&) { connection.redirect("/new"); });
    server.page("/new", "here");
    Easy easy = request("/old");
    perform(easy);
    EXPECT_EQ(easy.status(), 302);
    easy.set_follow_redirects(true);
    perform(easy);
    EXPECT_EQ(easy.status(), 200);
    EXPECT_EQ(easy.url(), server.url("/new"));
    EXPECT_EQ(body, "here");
}

TEST_F(CurlTest, request_headers_and_user_agent_are_sent) {
    std::string head;
    server.on("/x", [&](Connection& connection, const Request& request) {
        head = request.head;
        connection.reply(200, "");
    });
    Easy easy = request("/x");
    easy.set_user_agent("me/1");
    easy.add_header("X-One: 1");
    easy.add_header("X-Two: 2");
    perform(easy);
    for (auto line : {"User-Agent: me/1\r\n", "X-One: 1", "X-Two: 2"})
        EXPECT_NE(head.find(line), std::string::npos) << head;
}

TEST_F(CurlTest, many_transfers_overlap_and_share_connections) {
    server.otherwise([&](Connection& connection, const Request& request) {
        server.wait_for_company(20);
        connection.reply(200, request.path);
    });
    int good = 0;
    loop.run_until_complete([&]() -> Coro<> {
        std::vector<asyncio::Task<void>> workers;
        for (int worker = 0; worker < 20; ++worker) {
            workers.push_back(asyncio::create_task([&, worker]() -> Coro<> {
                Easy easy;
                std::string text;
                easy.on_body([&](std::string_view piece) {
                    text += piece;
                    return true;
                });
                for (int i = 0; i < 5; ++i) {
                    std::string path = "/" + std::to_string(worker) + "/" + std::to_string(i);
                    text.clear();
                    easy.set_url(server.url(path));
                    co_await multi.perform(easy);
                    good += text == path;
                }
            }));
        }
        for (auto& worker : workers) co_await worker;
    });
    EXPECT_EQ(good, 100);
    EXPECT_EQ(server.most_at_a_time(), 20);
    EXPECT_LE(server.connections(), 25u);
}

TEST_F(CurlTest, blocking_perform_does_the_same) {
    server.page("/x", "body");
    Easy easy = request("/x");
    easy.perform();
    EXPECT_EQ(easy.status(), 200);
    EXPECT_EQ(body, "body");
}

TEST_F(CurlTest, refused_connection_carries_the_reason_of_the_system) {
    RefusingPort refusing;
    Easy easy;
    easy.set_url(refusing.url());
    try {
        perform(easy);
        FAIL() << "connected to nobody";
    } catch (const Error& error) {
        EXPECT_EQ(error.code().value(), CURLE_COULDNT_CONNECT);
        EXPECT_EQ(error.os_error(), std::errc::connection_refused);
        EXPECT_NE(error.detail().find("Failed to connect to 127.0.0.1"), std::string::npos) << error.detail();
    }
}

TEST_F(CurlTest, unknown_host_and_other_schemes_fail) {
    Easy easy;
    easy.set_url("http://no-such-host.invalid/");
    EXPECT_EQ(failure(easy), CURLE_COULDNT_RESOLVE_HOST);
    easy.set_url("file:///etc/passwd");
    EXPECT_THROW(perform(easy), Error);
}

TEST_F(CurlTest, body_limit_ends_the_transfer) {
    server.page("/announced", std::string(1000, 'x'));
    server.on("/unannounced", [](Connection& connection, const Request&) {
        connection.send("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'));
        connection.close();
    });
    for (auto path : {"/announced", "/unannounced"}) {
        Easy easy = request(path);
        easy.set_body_limit(999);
        EXPECT_EQ(failure(easy), CURLE_FILESIZE_EXCEEDED) << path;
        EXPECT_LE(body.size(), 999u);
        EXPECT_EQ(easy.body_size(), std::exchange(body, "").size()) << "what was refused does not count";
    }
    Easy fits = request("/announced");
    fits.set_body_limit(1000);
    EXPECT_EQ(failure(fits), CURLE_OK);
}

TEST_F(CurlTest, callback_may_end_the_transfer) {
    server.page("/x", "body");
    Easy easy = request("/x");
    easy.on_body([](std::string_view) { return false; });
    EXPECT_EQ(failure(easy), CURLE_WRITE_ERROR);
}

TEST_F(CurlTest, what_a_callback_throws_comes_out_of_perform) {
    server.page("/x", "body");
    Easy easy = request("/x");
    easy.on_body([](std::string_view) -> bool { throw std::logic_error("no thanks"); });
    EXPECT_THROW(perform(easy), std::logic_error);
    EXPECT_THROW(easy.perform(), std::logic_error);
}

TEST_F(CurlTest, own_timeout_of_the_request) {
    server.on("/x", [](Connection& connection, const Request&) { connection.stall(); });
    Easy easy = request("/x");
    easy.set_timeout(100ms);
    EXPECT_EQ(failure(easy), CURLE_OPERATION_TIMEDOUT);
}

TEST_F(CurlTest, cancelling_takes_the_transfer_out_at_once) {
    server.on("/x", [](Connection& connection, const Request&) { connection.stall(); });
    bool cancelled = false;
    loop.run_until_complete([&]() -> Coro<> {
        Easy easy = request("/x");
        auto task = asyncio::create_task([&]() -> Coro<> { co_await multi.perform(easy); });
        while (server.count("GET /x") == 0) co_await asyncio::sleep(5ms);
        EXPECT_EQ(multi.active(), 1u);
        task.cancel();
        EXPECT_EQ(multi.active(), 0u);
        try {
            co_await task;
        } catch (const asyncio::CancelledError&) {
            cancelled = true;
        }
        // The same Easy can be used again.
        easy.set_url(server.url("/missing"));
        co_await multi.perform(easy);
        EXPECT_EQ(easy.status(), 404);
    });
    EXPECT_TRUE(cancelled);
}

TEST_F(CurlTest, cancelling_during_name_lookup_does_not_wait_for_it) {
    loop.run_until_complete([&]() -> Coro<> {
        Easy easy;
        easy.set_url("http://no-such-host.invalid/");
        auto task = asyncio::create_task([&]() -> Coro<> { co_await multi.perform(easy); });
        co_await asyncio::sleep(0ms);
        co_await asyncio::sleep(0ms);
        auto begin = std::chrono::steady_clock::now();
        if (task.cancel()) {
            EXPECT_EQ(multi.active(), 0u);
            EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s) << "a name server has 5 s to answer";
        }
        try {
            co_await task;
        } catch (...) {
        }
    });
}

TEST_F(CurlTest, task_may_be_cancelled_from_within_its_own_callback) {
    server.page("/x", "body");
    bool cancelled = false;
    loop.run_until_complete([&]() -> Coro<> {
        Easy easy = request("/x");
        auto task = asyncio::create_task([&]() -> Coro<> { co_await multi.perform(easy); });
        easy.on_body([&](std::string_view) {
            task.cancel();
            EXPECT_EQ(multi.active(), 0u);
            return true;
        });
        try {
            co_await task;
        } catch (const asyncio::CancelledError&) {
            cancelled = true;
        }
    });
    EXPECT_TRUE(cancelled);
}

TEST_F(CurlTest, one_request_in_two_transfers_is_refused) {
    std::atomic<bool> refused = false;
    server.on("/x", [&](Connection& connection, const Request&) {
        while (!refused) std::this_thread::sleep_for(1ms);
        connection.reply(200, "once");
    });
    Easy easy = request("/x");
    easy.set_timeout(60s);
    loop.run_until_complete([&]() -> Coro<> {
        auto first = asyncio::create_task([&]() -> Coro<> { co_await multi.perform(easy); });
        while (server.count("GET /x") == 0) co_await asyncio::sleep(5ms);
        try {
            co_await multi.perform(easy);
        } catch (const std::invalid_argument&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        refused = true;
        co_await first;
    });
    EXPECT_EQ(body, "once");
}

TEST_F(CurlTest, bare_handles_are_performed_too) {
    server.page("/x", "body");
    CURL* handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, server.url("/x").c_str());
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    loop.run_until_complete([&]() -> Coro<> { co_await multi.perform(handle); });
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    EXPECT_EQ(status, 200);
    curl_easy_cleanup(handle);
}

TEST_F(CurlTest, transfers_end_when_their_multi_does) {
    server.on("/x", [](Connection& connection, const Request&) { connection.stall(); });
    Easy easy = request("/x");
    int code = CURLE_OK;
    loop.run_until_complete([&]() -> Coro<> {
        auto own = std::make_unique<Multi>();
        auto task = asyncio::create_task([&]() -> Coro<> { co_await own->perform(easy); });
        while (server.count("GET /x") == 0) co_await asyncio::sleep(5ms);
        own.reset();
        try {
            co_await task;
        } catch (const Error& error) {
            code = error.code().value();
        }
    });
    EXPECT_EQ(code, CURLE_ABORTED_BY_CALLBACK);
}

TEST_F(CurlTest, loop_may_be_closed_under_a_running_transfer) {
    server.on("/x", [](Connection& connection, const Request&) { connection.stall(); });
    Easy easy = request("/x");
    auto task = loop.create_task([&]() -> Coro<> { co_await multi.perform(easy); });
    loop.run_until_complete([&]() -> Coro<> {
        while (server.count("GET /x") == 0) co_await asyncio::sleep(5ms);
    });
    loop.close();
    EXPECT_EQ(multi.active(), 0u);
}

TEST_F(CurlTest, uploads_wait_for_the_socket_to_be_writable) {
    std::size_t received = 0;
    server.on("/x", [&](Connection& connection, const Request& request) {
        std::this_thread::sleep_for(50ms);
        received = connection.receive_body(request);
        connection.reply(200, "");
    });
    std::string upload(8'000'000, 'u');
    Easy easy = request("/x");
    auto* handle = easy.native_handle();
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, upload.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(upload.size()));
    easy.add_header("Expect:");
    perform(easy);
    EXPECT_EQ(received, upload.size());
}

}  // namespace
