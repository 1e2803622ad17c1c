#include "crawler/report.hpp"

#include "crawler/progress.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using crawler::Report;

namespace {

Report sample() {
    Report report;
    report.pages = 3;
    report.links = 7;
    report.bytes = 123'456;
    report.seconds = 1.5;
    report.redirects.push_back({"http://h/old", "http://h/new", 301});
    report.note_page_time("http://h/slow", 0.75);
    report.broken.push_back({"http://h/b", "HTTP 404 Not Found", "http://h/2", 9});
    report.broken.push_back({"http://h/a", "connection refused", "http://h/1", 4});
    report.broken.push_back({"http://h/a", "connection refused", "http://h/1", 4});
    report.broken.push_back({"nonsense", "no scheme such as http:// in URL", "", 0});
    report.sort_broken();
    return report;
}

TEST(Report, json_has_the_promised_keys) {
    auto json = nlohmann::json::parse(to_json(sample()));
    EXPECT_EQ(json["pages"], 3);
    EXPECT_EQ(json["links"], 7);
    EXPECT_EQ(json["bytes"], 123'456);
    EXPECT_EQ(json["seconds"], 1.5);
    EXPECT_EQ(json["redirects"], 1);
    EXPECT_EQ(json["slowest"][0]["url"], "http://h/slow");
    ASSERT_EQ(json["broken"].size(), 3u);
    EXPECT_EQ(
        json["broken"][1],
        (nlohmann::json{{"url", "http://h/a"}, {"reason", "connection refused"}, {"page", "http://h/1"}, {"line", 4}}));
}

TEST(Report, json_survives_text_that_is_no_utf8) {
    Report report;
    report.broken.push_back({"\xFF", "\xC3", "p", 1});
    EXPECT_EQ(nlohmann::json::parse(to_json(report))["broken"].size(), 1u);
}

TEST(Report, text_names_page_line_link_and_reason) {
    std::string text = to_text(sample());
    EXPECT_NE(text.find("  http://h/a: connection refused\n      on http://h/1:4\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  nonsense: no scheme such as http:// in URL\n      on the command line\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("pages/s       2.0"), std::string::npos) << text;
}

TEST(Report, text_names_a_url_that_is_broken_everywhere_once) {
    Report report;
    for (unsigned i = 0; i < 1000; ++i) report.broken.push_back({"http://h/icon", "HTTP 404 Not Found", "p", i});
    std::string text = to_text(report);
    EXPECT_EQ(text.find("http://h/icon"), text.rfind("http://h/icon"));
    EXPECT_NE(text.find("broken links  1000 (of 1 URL)\n"), std::string::npos);
    EXPECT_NE(text.find("and in 990 more places (see --json)\n"), std::string::npos);
}

TEST(Report, control_characters_do_not_reach_the_terminal) {
    Report report;
    report.broken.push_back({"http://h/", "\x1b[31mred", "p", 1});
    EXPECT_EQ(to_text(report).find('\x1b'), std::string::npos);
}

TEST(Report, slowest_pages_are_kept_in_order) {
    Report report;
    for (int i = 0; i < 100; ++i) report.note_page_time(std::to_string(i), (i * 37) % 100);
    ASSERT_EQ(report.slowest.size(), Report::slowest_kept);
    for (std::size_t i = 0; i < Report::slowest_kept; ++i)
        EXPECT_EQ(report.slowest[i].seconds, 99.0 - static_cast<double>(i));
}

TEST(Report, sizes_are_readable) {
    EXPECT_EQ(crawler::human_size(999), "999 bytes");
    EXPECT_EQ(crawler::human_size(1500), "1.5 kB");
    EXPECT_EQ(crawler::human_size(2'500'000'000), "2.5 GB");
}

std::string written(bool terminal) {
    char* data = nullptr;
    std::size_t size = 0;
    std::FILE* file = open_memstream(&data, &size);
    crawler::Progress progress(file, terminal);
    progress.update({.pages = 10, .queued = 5, .in_flight = 2, .seconds = 2});
    progress.update({.pages = 20, .queued = 0, .in_flight = 1, .seconds = 4});
    progress.clear();
    std::fclose(file);
    std::string text(data, size);
    std::free(data);
    return text;
}

TEST(Progress, terminal_line_is_written_over) {
    EXPECT_EQ(written(true),
              "\r10 pages done, 5 queued, 2 in flight, 0 broken, 5.0 pages/s\x1b[K"
              "\r20 pages done, 0 queued, 1 in flight, 0 broken, 5.0 pages/s\x1b[K\r\x1b[K");
}

TEST(Progress, plain_lines_elsewhere) {
    EXPECT_EQ(written(false),
              "10 pages done, 5 queued, 2 in flight, 0 broken, 5.0 pages/s\n"
              "20 pages done, 0 queued, 1 in flight, 0 broken, 5.0 pages/s\n");
}

}  // namespace
