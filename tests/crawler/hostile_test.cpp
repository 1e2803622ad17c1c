#include "crawl_support.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <thread>

// Everything that can be wrong with a server or a page: each is one row of the report, with its reason, after a short
// time.

using namespace std::chrono_literals;
using namespace crawler;
using namespace crawler::testing;

namespace {

constexpr std::string_view html_head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

class HostileTest : public ::testing::TestWithParam<bool> {
protected:
    HostileTest() { server.page("/", "one\n<a href=/bad>bad</a>\n<a href=/good>good</a>"); }

    Options options() {
        Options options = quick({server.url()});
        options.sequential = GetParam();
        server.page("/good", "good");
        return options;
    }

    /// What the crawl says about a server that answers /bad with these bytes and closes the connection.
    std::string verdict_on(std::string bytes) {
        server.on("/bad", [bytes = std::move(bytes)](Connection& connection, const Request&) {
            connection.send(bytes);
            connection.close();
        });
        return verdict();
    }

    /// What the crawl says about a well-formed answer with this body.
    std::string verdict_on_page(std::string html, std::string headers = "Content-Type: text/html\r\n") {
        server.on("/bad", [html = std::move(html), headers = std::move(headers)](
                              Connection& connection, const Request&) { connection.reply(200, html, headers); });
        return verdict();
    }

    std::string verdict() { return verdict(options()); }
    std::string verdict(const Options& options) {
        Report report = crawl(options).report;
        EXPECT_FALSE(report.interrupted);
        EXPECT_EQ(server.count("GET /good"), 1u);  // one bad page does not keep the crawl from the others
        EXPECT_LT(report.seconds, 50);             // no waiting until the timeout
        return rows(report, server);
    }

    HostileServer server;
};

INSTANTIATE_TEST_SUITE_P(, HostileTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "sequential" : "concurrent"; });

TEST_P(HostileTest, unknown_host) {
    server.page("/bad", "");
    Options two = options();
    two.urls.push_back("http://no-such-host.invalid/");
    EXPECT_EQ(verdict(two), "0 http://no-such-host.invalid/ unknown host\n");
}

TEST_P(HostileTest, connection_refused) {
    RefusingPort refusing;
    server.page("/bad", "<a href=" + refusing.url() + ">x</a>");
    EXPECT_EQ(verdict(), "1 " + refusing.url() + " connection refused\n");
}

TEST_P(HostileTest, reset_before_the_answer) {
    server.on("/bad", [](Connection& connection, const Request&) { connection.reset(); });
    EXPECT_EQ(verdict(), "2 /bad connection reset\n");
}

TEST_P(HostileTest, reset_in_mid_body) {
    server.on("/bad", [](Connection& connection, const Request&) {
        connection.send(std::string(html_head) + "Content-Length: 100000\r\n\r\n<html>");
        std::this_thread::sleep_for(100ms);
        connection.reset();
    });
    EXPECT_EQ(verdict(), "2 /bad connection reset in mid-body, after 6 bytes\n");
}

TEST_P(HostileTest, closed_without_an_answer) {
    EXPECT_EQ(verdict_on(""), "2 /bad connection closed without an answer\n");
}

TEST_P(HostileTest, body_shorter_than_announced) {
    EXPECT_EQ(verdict_on(std::string(html_head) + "Content-Length: 1000\r\n\r\nshort"),
              "2 /bad body shorter than announced: 5 of 1000 bytes\n");
}

TEST_P(HostileTest, bad_chunk_size) {
    EXPECT_EQ(verdict_on(std::string(html_head) + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\nbody\r\n"),
              "2 /bad bad chunked encoding\n");
}

TEST_P(HostileTest, chunks_without_an_end) {
    EXPECT_EQ(verdict_on(std::string(html_head) + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
              "2 /bad bad chunked encoding: the connection was closed before the last chunk\n");
}

TEST_P(HostileTest, chunk_longer_than_announced) {
    EXPECT_EQ(verdict_on(std::string(html_head) + "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"),
              "2 /bad bad chunked encoding\n");
}

TEST_P(HostileTest, no_http_at_all) {
    EXPECT_EQ(verdict_on("220 mail.example.org ESMTP\r\n"),
              "2 /bad the answer is not HTTP: Received HTTP/0.9 when not allowed\n");
}

TEST_P(HostileTest, binary_noise) {
    EXPECT_EQ(verdict_on(std::string("\x16\x03\x01\x02\x00\x01\xff\xfe", 8)),
              "2 /bad the answer is not HTTP: Received HTTP/0.9 when not allowed\n");
}

TEST_P(HostileTest, no_tls_behind_https) {
    server.page("/bad", "<a href=https://127.0.0.1:" + std::to_string(server.port()) + "/>x</a>");
    std::string verdict = this->verdict();
    EXPECT_TRUE(verdict.starts_with("1 https://127.0.0.1:")) << verdict;
    EXPECT_NE(verdict.find("SSL"), std::string::npos) << verdict;
}

TEST_P(HostileTest, headers_without_end) {
    server.on("/bad", [](Connection& connection, const Request&) {
        connection.send(html_head);
        while (connection.send("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
        }
    });
    Options hurried = options();
    hurried.timeout = 3s;  // also for the good pages, on a busy machine
    std::string verdict = this->verdict(hurried);
    EXPECT_TRUE(verdict.starts_with("2 /bad ")) << verdict;
}

TEST_P(HostileTest, stalled_before_the_answer) {
    server.on("/bad", [](Connection& connection, const Request&) { connection.stall(); });
    Options hurried = options();
    hurried.timeout = 2s;
    EXPECT_EQ(verdict(hurried), "2 /bad timed out after 2 s\n");
}

TEST_P(HostileTest, stalled_in_mid_body) {
    server.on("/bad", [](Connection& connection, const Request&) {
        connection.send(std::string(html_head) + "Content-Length: 1000\r\n\r\n<html>");
        connection.stall();
    });
    Options hurried = options();
    hurried.timeout = 2s;
    EXPECT_EQ(verdict(hurried), "2 /bad timed out after 2 s\n");
}

TEST_P(HostileTest, one_byte_at_a_time_for_ever) {
    server.on("/bad", [](Connection& connection, const Request&) {
        connection.send(std::string(html_head) + "\r\n");
        while (connection.send("x")) std::this_thread::sleep_for(20ms);
    });
    Options hurried = options();
    hurried.timeout = 2s;
    EXPECT_EQ(verdict(hurried), "2 /bad timed out after 2 s\n");
}

TEST_P(HostileTest, redirect_loop) {
    server.on("/bad", [](Connection& connection, const Request&) { connection.redirect("/other"); });
    server.on("/other", [](Connection& connection, const Request&) { connection.redirect("/bad"); });
    EXPECT_EQ(verdict(), "2 /bad redirect loop: /other -> /bad -> /other\n");
}

TEST_P(HostileTest, redirects_without_end) {
    server.on("/bad", [](Connection& connection, const Request&) { connection.redirect("/hop/1"); });
    server.otherwise([](Connection& connection, const Request& request) {
        connection.redirect("/hop/" + std::to_string(std::atoi(request.path.c_str() + 5) + 1));
    });
    EXPECT_EQ(verdict(), "2 /bad more than 20 redirects\n");
    EXPECT_LE(server.requests().size(), 25u);
}

TEST_P(HostileTest, redirect_to_nowhere) {
    server.on("/bad", [](Connection& connection, const Request&) { connection.redirect("http://"); });
    EXPECT_EQ(verdict(), "2 /bad redirect to nowhere: URL without a host\n");
}

TEST_P(HostileTest, redirect_without_location) {
    EXPECT_EQ(verdict_on("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), "2 /bad HTTP 302 without a Location\n");
}

TEST_P(HostileTest, malformed_html) {
    EXPECT_EQ(verdict_on_page("<p>\n<!-- <a href=/x>"),
              "2 /bad malformed HTML: comment without end hides the rest of the page\n");
    server.page("/good", "");
}

TEST_P(HostileTest, absurdly_deep_html) {
    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += "<div>";
    EXPECT_EQ(verdict_on_page(deep), "1 /bad HTML nested deeper than 4096 elements\n");
}

TEST_P(HostileTest, long_base_that_makes_much_out_of_little) {
    // Of a host that is not crawled, so that only the page itself costs anything.
    std::string html = "<base href='http://elsewhere.invalid/" + std::string(16'000, 'a') + "/'>";
    for (int i = 0; i < 2000; ++i) html += "\n<a href=x>";
    server.page("/bad", html);
    Report report = crawl(options()).report;
    EXPECT_EQ(report.other_hosts, 1046u);
    EXPECT_EQ(rows(report, server), "1048 /bad links of more than 16 MiB on one page: 954 left out from here on\n");
}

TEST_P(HostileTest, long_urls_are_cut_in_the_report) {
    server.page("/bad", "<a href=/" + std::string(5000, 'x') + ">");
    Report report = crawl(options()).report;
    ASSERT_EQ(report.broken.size(), 1u);
    EXPECT_EQ(report.broken[0].url, server.url("/") + std::string(2000 - server.url("/").size(), 'x') + "...");
}

TEST_P(HostileTest, wrong_charset) {
    EXPECT_EQ(verdict_on_page("\n\ncaf\xE9", "Content-Type: text/html; charset=utf-8\r\n"),
              "3 /bad wrong charset: declared as UTF-8, but the bytes are not\n");
}

TEST_P(HostileTest, unknown_charset) {
    EXPECT_EQ(verdict_on_page("x", "Content-Type: text/html; charset=klingon\r\n"),
              "1 /bad unknown charset \"klingon\"\n");
}

TEST_P(HostileTest, bad_compression) {
    std::string verdict = verdict_on_page("no gzip at all", "Content-Type: text/html\r\nContent-Encoding: gzip\r\n");
    EXPECT_TRUE(verdict.starts_with("2 /bad bad compression")) << verdict;
}

long peak_memory_in_kilobytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

TEST_P(HostileTest, hundred_megabyte_page) {
    const auto sent = std::make_shared<std::atomic<std::size_t>>(0);  // the server may be at it longer than this test
    server.on("/bad", [sent](Connection& connection, const Request&) {
        connection.send(std::string(html_head) + "Transfer-Encoding: chunked\r\n\r\n");
        std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
        while (*sent < 100'000'000 && connection.send(chunk)) *sent += 0x10000;
        connection.send("0\r\n\r\n");
    });
    Options careful = options();
    careful.max_size = 1u << 20;
    long before = peak_memory_in_kilobytes();
    EXPECT_EQ(verdict(careful), "2 /bad body larger than 1048576 bytes (--max-size)\n");
    EXPECT_LT(*sent, 50'000'000u);
    EXPECT_LT(peak_memory_in_kilobytes() - before, 40'000);
}

TEST_P(HostileTest, page_announced_to_be_too_large) {
    EXPECT_EQ(verdict_on(std::string(html_head) + "Content-Length: 100000000\r\n\r\n"),
              "2 /bad body larger than 10485760 bytes (--max-size)\n");
}

TEST_P(HostileTest, large_download_is_a_good_link) {
    server.on("/bad", [&](Connection& connection, const Request&) {
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: 100000000\r\n\r\n");
        while (connection.send(std::string(0x10000, 'x'))) {
        }
    });
    EXPECT_EQ(verdict(), "");
}

TEST_P(HostileTest, nonsense_for_a_url) {
    server.page("/bad", "<a href='http://[nonsense'>\n<a href='http://'>\n<a href='/%zz'>\n<a href='http://a b/'>");
    Options more = options();
    more.urls.push_back("what is this");
    more.urls.push_back("gopher://h/");
    EXPECT_EQ(verdict(more),
              "0 gopher://h/ scheme \"gopher\" is not supported\n"
              "0 what is this no scheme such as http:// in URL\n"
              "1 http://[nonsense bad IPv6 address \"[nonsense\" in URL\n"
              "2 http:// URL without a host\n"
              "3 /%zz bad percent-encoding \"%zz\" in URL\n"
              "4 http://a b/ character ' ' in the host of the URL\n");
}

TEST_P(HostileTest, all_at_once) {
    server.page("/bad", "<a href=/reset><a href=/short><a href=/noise><a href=/stall><a href=/loop>");
    server.on("/reset", [](Connection& connection, const Request&) { connection.reset(); });
    server.on("/short", [](Connection& connection, const Request&) {
        connection.send(std::string(html_head) + "Content-Length: 9\r\n\r\n");
        connection.close();
    });
    server.on("/noise", [](Connection& connection, const Request&) {
        connection.send("noise");
        connection.close();
    });
    server.on("/stall", [](Connection& connection, const Request&) { connection.stall(); });
    server.on("/loop", [](Connection& connection, const Request&) { connection.redirect("/loop"); });
    Options hurried = options();
    hurried.timeout = 3s;
    EXPECT_EQ(verdict(hurried),
              "1 /loop redirect loop: /loop -> /loop\n"
              "1 /noise the answer is not HTTP: Received HTTP/0.9 when not allowed\n"
              "1 /reset connection reset\n"
              "1 /short body shorter than announced: 0 of 9 bytes\n"
              "1 /stall timed out after 3 s\n");
}

}  // namespace
