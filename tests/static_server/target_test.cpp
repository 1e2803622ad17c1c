#include "target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace static_server {
namespace {

std::string path_of(std::string_view target) {
    const auto parsed = parse_target(target);
    return parsed ? parsed->path : "(refused)";
}

TEST(Target, is_decoded_and_made_normal) {
    EXPECT_EQ(path_of("/"), "/");
    EXPECT_EQ(path_of("/a/b.html"), "/a/b.html");
    EXPECT_EQ(path_of("/a%20b%2Fc"), "/a b/c");
    EXPECT_EQ(path_of("/a/./b/"), "/a/b/");
    EXPECT_EQ(path_of("/a//b"), "/a/b");
    EXPECT_EQ(path_of("//a"), "/a");
    EXPECT_EQ(path_of("/a/b/../c"), "/a/c");
    EXPECT_EQ(path_of("/a/.."), "/");
    EXPECT_EQ(path_of("/a/b/."), "/a/b/");
    EXPECT_EQ(path_of("/..."), "/...");
    EXPECT_EQ(path_of("/%25"), "/%");
    EXPECT_EQ(path_of("/100%25%32%65"), "/100%2e") << "decoded once, not twice";
}

TEST(Target, may_be_absolute) {
    EXPECT_EQ(path_of("http://host/a"), "/a");
    EXPECT_EQ(path_of("http://host:80/a?b"), "/a");
    EXPECT_EQ(path_of("http://host"), "/");
}

TEST(Target, keeps_its_query_apart) {
    const auto target = parse_target("/a?b=/../c%20");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path, "/a");
    EXPECT_EQ(target->query, "?b=/../c%20");
}

TEST(Target, never_climbs_above_the_root) {
    for (const char* target : {"/..", "/../etc/passwd", "/a/../../b", "/%2e%2e/b", "/%2E./b", "/..%2fb",
                               "/a/%2e%2e/%2e%2e/b", "/a/..%2f..%2f..%2fetc/passwd", "/./../b", "http://host/../b"}) {
        EXPECT_EQ(path_of(target), "(refused)") << target;
    }
}

TEST(Target, refuses_what_is_no_path) {
    for (const char* target : {"*", "", "a", "/%", "/%4", "/%zz", "/a%00b"})
        EXPECT_EQ(path_of(target), "(refused)") << target;
}

TEST(Target, is_encoded_for_a_redirect) {
    EXPECT_EQ(encode_path("/a b/ü%\r\n"), "/a%20b/%C3%BC%25%0D%0A");
    EXPECT_EQ(encode_path("/std::string/(c)"), "/std::string/(c)");
}

}  // namespace
}  // namespace static_server
