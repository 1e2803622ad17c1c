#include "request.hpp"

#include <gtest/gtest.h>

#include <string>

namespace static_server {
namespace {

const std::string head = "GET /a%20b?q HTTP/1.1\r\nHost: x\r\nRANGE: bytes=0-1\r\n\r\n";

TEST(RequestParser, understands_a_whole_request) {
    RequestParser parser;
    EXPECT_FALSE(parser.started());
    EXPECT_EQ(parser.feed(head), head.size());
    ASSERT_TRUE(parser.complete());
    const Request request = parser.take();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/a%20b?q");
    EXPECT_EQ(request.header("range"), "bytes=0-1");
    EXPECT_EQ(request.header("accept"), "");
    EXPECT_TRUE(request.keep_alive);
    EXPECT_FALSE(parser.started());
}

TEST(RequestParser, does_not_care_where_the_pieces_are_cut) {
    for (std::size_t cut = 1; cut < head.size(); ++cut) {
        RequestParser parser;
        EXPECT_EQ(parser.feed(head.substr(0, cut)), cut);
        EXPECT_TRUE(parser.started());
        EXPECT_FALSE(parser.complete());
        parser.feed(head.substr(cut));
        ASSERT_TRUE(parser.complete()) << cut;
        const Request request = parser.take();
        EXPECT_EQ(request.target, "/a%20b?q") << cut;
        ASSERT_EQ(request.headers.size(), 2U) << cut;
        EXPECT_EQ(request.header("host"), "x") << cut;
        EXPECT_EQ(request.header("range"), "bytes=0-1") << cut;
    }
}

TEST(RequestParser, leaves_the_next_request_where_it_is) {
    RequestParser parser;
    const std::string both = head + "HEAD /second HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::size_t taken = parser.feed(both);
    EXPECT_EQ(taken, head.size());
    EXPECT_EQ(parser.feed(both.substr(taken)), 0U);  // the first one has not been taken yet
    parser.take();
    EXPECT_EQ(parser.feed(both.substr(taken)), both.size() - taken);
    EXPECT_EQ(parser.take().method, "HEAD");
}

TEST(RequestParser, knows_which_connections_stay_open) {
    const auto keep_alive = [](const std::string& text) {
        RequestParser parser;
        parser.feed(text);
        EXPECT_TRUE(parser.complete()) << text;
        return parser.take().keep_alive;
    };
    EXPECT_TRUE(keep_alive("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    EXPECT_FALSE(keep_alive("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keep_alive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestParser, throws_a_small_body_away) {
    RequestParser parser;
    parser.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
    EXPECT_FALSE(parser.complete());
    EXPECT_EQ(parser.feed("loGET"), 2U);
    EXPECT_TRUE(parser.complete());
}

TEST(RequestParser, ignores_the_trailer_of_a_chunked_body) {
    RequestParser parser;
    parser.feed(
        "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nRange: bytes=0-0\r\n\r\n");
    ASSERT_TRUE(parser.complete());
    EXPECT_EQ(parser.take().header("range"), "");
}

struct Refused {
    const char* what;
    std::string text;
    int status;
};

class RefusedRequest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedRequest, has_its_status) {
    RequestParser parser({.target = 20, .headers = 80, .body = 10});
    parser.feed(GetParam().text);
    EXPECT_EQ(parser.error_status(), GetParam().status);
    EXPECT_FALSE(parser.complete());
    EXPECT_EQ(parser.feed(head), 0U) << "after an error the connection is out of step";
}

INSTANTIATE_TEST_SUITE_P(
    StaticServer, RefusedRequest,
    testing::Values(Refused{"no_http", "hello there\r\n\r\n", 400}, Refused{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
                    Refused{"two_hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
                    Refused{"length_and_chunks",
                            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                            400},
                    Refused{"long_target", "GET /" + std::string(20, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
                    Refused{"long_name", "GET / HTTP/1.1\r\n" + std::string(81, 'a') + ": b\r\n\r\n", 431},
                    Refused{"long_value", "GET / HTTP/1.1\r\nHost: " + std::string(81, 'a') + "\r\n\r\n", 431},
                    Refused{"long_body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n", 413},
                    Refused{"long_chunks",
                            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n",
                            413},
                    Refused{"new_version", "GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505}),
    [](const auto& info) { return std::string(info.param.what); });

}  // namespace
}  // namespace static_server
