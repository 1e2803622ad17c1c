#include "response.hpp"

#include "content_type.hpp"
#include "http_date.hpp"
#include "temporary_tree.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <string>

namespace static_server {
namespace {

class Respond : public testing::Test {
protected:
    Respond() : tree_(directory_.path()) {
        directory_.write("page.html", "0123456789");
        directory_.write("empty.txt", "");
        directory_.write("sub dir/index.html", "index");
    }

    Response get(std::string target, std::vector<std::pair<std::string, std::string>> headers = {}) {
        return respond(
            {.method = "GET", .target = std::move(target), .headers = std::move(headers), .keep_alive = true}, tree_);
    }

    std::string last_modified() { return format_http_date(get("/page.html").file->modified()); }

    TemporaryTree directory_;
    FileTree tree_;
};

std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return "(none)";
}

TEST_F(Respond, serves_a_file) {
    const Response response = get("/page.html");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.range, (ByteRange{0, 10}));
    EXPECT_EQ(header(response, "Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(header(response, "Last-Modified"), last_modified());
    EXPECT_TRUE(response.keep_alive);
    EXPECT_TRUE(response.sends_body);
    EXPECT_TRUE(response.head(0).ends_with("Content-Length: 10\r\nConnection: keep-alive\r\n\r\n")) << response.head(0);
    EXPECT_TRUE(response.head(0).starts_with("HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
}

TEST_F(Respond, does_not_deny_a_file_because_the_system_is_short_of_descriptors) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const Response response = get("/page.html");
    const Response missing = get("/missing.html");
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(header(response, "Retry-After"), "1");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(get("/page.html").status, 200);
}

TEST_F(Respond, serves_an_empty_file) {
    EXPECT_EQ(get("/empty.txt").range, (ByteRange{0, 0}));
}

TEST_F(Respond, announces_to_HEAD_what_GET_would_send) {
    const Response response =
        respond({.method = "HEAD", .target = "/page.html", .headers = {{"range", "bytes=2-3"}}}, tree_);
    EXPECT_EQ(response.status, 200);
    EXPECT_FALSE(response.sends_body);
    EXPECT_NE(response.head(0).find("Content-Length: 10\r\n"), std::string::npos);
}

TEST_F(Respond, serves_a_part) {
    const Response response = get("/page.html", {{"range", "bytes=2-5"}});
    EXPECT_EQ(response.status, 206);
    EXPECT_EQ(response.range, (ByteRange{2, 4}));
    EXPECT_EQ(header(response, "Content-Range"), "bytes 2-5/10");
    EXPECT_NE(response.head(0).find("Content-Length: 4\r\n"), std::string::npos);
}

TEST_F(Respond, serves_a_part_only_of_the_same_version) {
    EXPECT_EQ(get("/page.html", {{"range", "bytes=2-5"}, {"if-range", last_modified()}}).status, 206);
    EXPECT_EQ(get("/page.html", {{"range", "bytes=2-5"}, {"if-range", format_http_date(0)}}).status, 200);
}

TEST_F(Respond, refuses_a_part_behind_the_end) {
    const Response response = get("/page.html", {{"range", "bytes=10-"}});
    EXPECT_EQ(response.status, 416);
    EXPECT_EQ(header(response, "Content-Range"), "bytes */10");
    EXPECT_FALSE(response.file);
}

TEST_F(Respond, does_not_send_what_the_client_has) {
    const Response response = get("/page.html", {{"if-modified-since", last_modified()}});
    EXPECT_EQ(response.status, 304);
    EXPECT_FALSE(response.sends_body);
    EXPECT_EQ(response.head(0).find("Content-Length"), std::string::npos);
    EXPECT_EQ(get("/page.html", {{"if-modified-since", format_http_date(0)}}).status, 200);
    EXPECT_EQ(get("/page.html", {{"if-modified-since", "garbage"}}).status, 200);
}

TEST_F(Respond, redirects_a_directory_to_its_slash) {
    const Response response = get("//sub%20dir?a=b");
    EXPECT_EQ(response.status, 301);
    EXPECT_EQ(header(response, "Location"), "/sub%20dir/?a=b");
    EXPECT_EQ(get("/sub%20dir/").status, 200);
}

TEST_F(Respond, says_what_is_wrong) {
    EXPECT_EQ(get("/nothing").status, 404);
    EXPECT_EQ(get("/../page.html").status, 400);
    EXPECT_EQ(get("/%2e%2e/page.html").status, 400);
    const Response not_allowed = respond({.method = "DELETE", .target = "/page.html", .headers = {}}, tree_);
    EXPECT_EQ(not_allowed.status, 405);
    EXPECT_EQ(header(not_allowed, "Allow"), "GET, HEAD");
    EXPECT_EQ(get("/nothing").text, "404 Not Found\n");
}

TEST(ErrorResponse, closes_the_connection) {
    const Response response = error_response(503);
    EXPECT_FALSE(response.keep_alive);
    EXPECT_EQ(header(response, "Retry-After"), "1");
    EXPECT_TRUE(response.head(0).ends_with("Connection: close\r\n\r\n"));
}

TEST(ContentType, goes_by_the_ending) {
    EXPECT_EQ(content_type("a.b.HTML"), "text/html; charset=utf-8");
    EXPECT_EQ(content_type("x.png"), "image/png");
    EXPECT_EQ(content_type("README"), "application/octet-stream");
    EXPECT_EQ(content_type("html"), "application/octet-stream");
    EXPECT_EQ(content_type("a."), "application/octet-stream");
}

}  // namespace
}  // namespace static_server
