#include "crawl_support.hpp"

#include <gtest/gtest.h>

#include <atomic>

using namespace std::chrono_literals;
using namespace crawler;
using namespace crawler::testing;

namespace {

/// Every test runs both ways of crawling: their reports must be the same.
class CrawlTest : public ::testing::TestWithParam<bool> {
protected:
    Options options(std::vector<std::string> urls) {
        Options options = quick(std::move(urls));
        options.sequential = GetParam();
        return options;
    }
    Report run() { return crawl(options({server.url()})).report; }

    HostileServer server;
};

INSTANTIATE_TEST_SUITE_P(, CrawlTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "sequential" : "concurrent"; });

TEST_P(CrawlTest, follows_links_and_counts) {
    server.page("/", "<a href=a.html>a</a> <a href=/b.html#here>b</a> <img src=i.png> <a href=mailto:x@y>m</a>");
    server.page("/a.html", "<a href='.'>back</a> <a href=http://elsewhere.invalid/>out</a>");
    server.page("/b.html", "<p id=here><a href='#here'>me</a>");
    server.on("/i.png", [](Connection& connection, const Request&) {
        connection.reply(200, std::string(5000, 'x'), "Content-Type: image/png\r\n");
    });
    Report report = run();
    EXPECT_EQ(report.pages, 3u);
    EXPECT_EQ(report.fetches, 4u);
    EXPECT_EQ(report.links, 8u);  // the one of the command line is the eighth
    EXPECT_EQ(report.other_hosts, 1u);
    EXPECT_EQ(report.other_schemes, 1u);
    EXPECT_GT(report.bytes, 5000u);
    EXPECT_EQ(report.slowest.size(), 3u);
    EXPECT_EQ(rows(report, server), "");
    EXPECT_EQ(server.requests().size(), 4u);  // each URL once
}

TEST_P(CrawlTest, broken_links_have_page_and_line) {
    server.page("/", "\n<a href=missing>x</a>\n<a href=page#nowhere>y</a>");
    server.page("/page", "<a href=missing>\n\n</a><a href='#gone'>");
    Report report = run();
    ASSERT_EQ(report.broken.size(), 4u);
    EXPECT_EQ(report.broken[0].page, server.url("/"));
    EXPECT_EQ(report.broken[2].page, server.url("/page"));
    EXPECT_EQ(rows(report, server),
              "2 /missing HTTP 404 Not Found\n"
              "3 /page#nowhere no anchor \"nowhere\" on the page\n"
              "1 /missing HTTP 404 Not Found\n"
              "3 /page#gone no anchor \"gone\" on the page\n");
}

TEST_P(CrawlTest, base_and_redirects_are_obeyed) {
    server.page("/", "<base href=/dir/><a href=x>x</a><a href=/old#here>old</a>");
    server.page("/dir/x", "");
    server.on("/old", [](Connection& connection, const Request&) { connection.redirect("/new"); });
    server.page("/new", "<p id=here>");
    Report report = run();
    EXPECT_EQ(rows(report, server), "");
    ASSERT_EQ(report.redirects.size(), 1u);
    EXPECT_EQ(report.redirects[0].to, server.url("/new"));
    EXPECT_EQ(report.pages, 3u);
}

TEST_P(CrawlTest, redirect_to_another_host_is_not_followed) {
    server.page("/", "<a href=/out>x</a>");
    server.on("/out", [](Connection& connection, const Request&) { connection.redirect("http://elsewhere.invalid/"); });
    EXPECT_EQ(rows(run(), server), "");
}

TEST_P(CrawlTest, max_pages_ends_a_site_without_end) {
    server.otherwise([](Connection& connection, const Request& request) {
        connection.reply(200, "<a href='" + request.path + "x'>deeper</a><a href='" + request.path + "y'>deeper</a>");
    });
    Options limited = options({server.url()});
    limited.max_pages = 20;
    Report report = crawl(limited).report;
    EXPECT_EQ(report.pages, 20u);
    EXPECT_GT(report.not_fetched, 0u);
    EXPECT_EQ(rows(report, server), "");
}

TEST_P(CrawlTest, passing_trouble_is_tried_again) {
    std::atomic<int> asked = 0;
    server.on("/", [&](Connection& connection, const Request&) {
        if (++asked < 3)
            connection.reply(503, "");
        else
            connection.reply(200, "");
    });
    Options patient = options({server.url()});
    patient.retries = 2;
    Report report = crawl(patient).report;
    EXPECT_EQ(rows(report, server), "");
    EXPECT_EQ(report.retries, 2u);
    EXPECT_GE(report.seconds, 1.4);  // 0.5 s and 1 s
}

TEST_P(CrawlTest, retry_after_is_obeyed) {
    std::atomic<int> asked = 0;
    server.on("/", [&](Connection& connection, const Request&) {
        connection.reply(++asked == 1 ? 429 : 200, "", "Retry-After: 1\r\nContent-Type: text/html\r\n");
    });
    Options patient = options({server.url()});
    patient.retries = 1;
    Report report = crawl(patient).report;
    EXPECT_EQ(report.pages, 1u);
    EXPECT_GE(report.seconds, 1.0);
}

TEST_P(CrawlTest, retry_after_beyond_all_patience_is_a_broken_link) {
    server.on("/", [](Connection& connection, const Request&) { connection.reply(503, "", "Retry-After: 86400\r\n"); });
    Options patient = options({server.url()});
    patient.retries = 5;
    EXPECT_EQ(rows(crawl(patient).report, server), "0 / HTTP 503 Service Unavailable\n");
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST_P(CrawlTest, robots_txt_is_obeyed_when_asked_to) {
    server.page("/", "<a href=/open>o</a><a href=/private/x>p</a>");
    server.page("/open", "");
    server.page("/private/x", "");
    server.on("/robots.txt", [](Connection& connection, const Request&) {
        connection.reply(200, "User-agent: *\nDisallow: /private\n", "Content-Type: text/plain\r\n");
    });
    Options polite = options({server.url()});
    polite.robots = true;
    Report report = crawl(polite).report;
    EXPECT_EQ(report.pages, 2u);
    EXPECT_EQ(report.forbidden, 1u);
    EXPECT_EQ(server.count("GET /private/x"), 0u);
    EXPECT_EQ(server.count("GET /robots.txt"), 1u);
    EXPECT_EQ(server.requests().front(), "GET /robots.txt");
}

TEST_P(CrawlTest, external_links_are_checked_with_head_when_asked_to) {
    // "localhost" is another host than "127.0.0.1", on the same server.
    std::string other = "http://localhost:" + std::to_string(server.port());
    server.page(
        "/", "<a href=" + other + "/good>g</a>\n<a href=" + other + "/bad>b</a>\n<a href=" + other + "/nohead>n</a>");
    server.page("/good", "<a href=/never>x</a>");
    server.on("/nohead", [](Connection& connection, const Request& request) {
        connection.reply(request.method == "HEAD" ? 405 : 200, "");
    });
    Options curious = options({server.url()});
    curious.external = true;
    Report report = crawl(curious).report;
    EXPECT_EQ(rows(report, server), "2 " + other + "/bad HTTP 404 Not Found\n");
    EXPECT_EQ(report.pages, 1u);
    EXPECT_EQ(server.count("HEAD /good"), 1u);
    EXPECT_EQ(server.count("GET /good"), 0u);
    EXPECT_EQ(server.count("GET /nohead"), 1u);
    EXPECT_EQ(server.count("GET /never"), 0u);
}

class ConcurrentCrawlTest : public ::testing::Test {
protected:
    /// A page with `count` links, which are answered when as many of them as said are asked for at a time.
    void wide_site(int count, int company) {
        std::string html;
        for (int i = 0; i < count; ++i) html += "<a href=/" + std::to_string(i) + ">x</a>";
        server.page("/", html);
        server.otherwise([this, company](Connection& connection, const Request&) {
            server.wait_for_company(company);
            connection.reply(200, "");
        });
    }
    HostileServer server;
};

TEST_F(ConcurrentCrawlTest, fetches_overlap_up_to_the_limit) {
    wide_site(100, 16);
    Options options = quick({server.url()});
    options.concurrency = 16;
    options.timeline_file = "kept in memory";
    CrawlOutcome outcome = crawl(options);
    EXPECT_EQ(outcome.report.pages, 101u);
    EXPECT_EQ(server.most_at_a_time(), 16);
    EXPECT_EQ(outcome.timeline.size(), 101u);
    auto lanes = assign_lanes(outcome.timeline);
    EXPECT_EQ(*std::max_element(lanes.begin(), lanes.end()), 15u);
}

TEST_F(ConcurrentCrawlTest, per_host_limit_holds) {
    wide_site(30, 3);
    Options options = quick({server.url()});
    options.per_host = 3;
    EXPECT_EQ(crawl(options).report.pages, 31u);
    EXPECT_EQ(server.most_at_a_time(), 3);
}

TEST_F(ConcurrentCrawlTest, connections_are_used_again) {
    wide_site(50, 4);
    Options options = quick({server.url()});
    options.concurrency = 4;
    CrawlOutcome outcome = crawl(options);
    EXPECT_EQ(outcome.report.pages, 51u);
    EXPECT_LE(server.connections(), 4u);
}

TEST_F(ConcurrentCrawlTest, finds_the_same_as_a_sequential_crawl) {
    server.otherwise([](Connection& connection, const Request& request) {
        // A graph of 200 pages; every seventh is missing.
        int n = std::atoi(request.path.c_str() + 1);
        if (n % 7 == 6) return connection.reply(404, "");
        std::string html;
        for (int i = 1; i <= 3; ++i)
            html += "<a href=/" + std::to_string((n * 3 + i) % 200) + ">\n<a href='#x" + std::to_string(i) + "'>";
        connection.reply(200, html + "<p id=x1><p id=x2>");
    });
    Options options = quick({server.url("/0")});
    Report concurrent = crawl(options).report;
    options.sequential = true;
    Report sequential = crawl(options).report;
    EXPECT_EQ(concurrent.pages, sequential.pages);
    EXPECT_EQ(concurrent.links, sequential.links);
    EXPECT_EQ(concurrent.bytes, sequential.bytes);
    EXPECT_GT(concurrent.broken.size(), 100u);
    EXPECT_EQ(rows(concurrent, server), rows(sequential, server));
}

}  // namespace
