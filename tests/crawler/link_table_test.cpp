#include "crawler/link_table.hpp"

#include <gtest/gtest.h>

using crawler::BrokenLink;
using crawler::LinkTable;
using crawler::UrlId;

namespace {

class LinkTableTest : public testing::Test {
protected:
    UrlId url(const std::string& text) { return table.add(text)->id; }

    std::string rows() {
        std::string text;
        for (const BrokenLink& link : broken)
            text += link.page + ":" + std::to_string(link.line) + " " + link.url + " " + link.reason + ";";
        return text;
    }

    std::vector<BrokenLink> broken;
    LinkTable table{[this](BrokenLink link) { broken.push_back(std::move(link)); }};
    UrlId page = url("page");
    UrlId target = url("target");
};

TEST_F(LinkTableTest, each_url_is_new_once) {
    EXPECT_TRUE(table.add("x")->is_new);
    EXPECT_FALSE(table.add("x")->is_new);
    EXPECT_EQ(table.size(), 3u);
}

TEST_F(LinkTableTest, urls_beyond_a_number_are_not_held) {
    LinkTable small({}, {.urls = 2});
    EXPECT_TRUE(small.add("a"));
    EXPECT_TRUE(small.add("b"));
    EXPECT_FALSE(small.add("c"));
    EXPECT_FALSE(small.add("b")->is_new);
    EXPECT_EQ(small.size(), 2u);
}

TEST_F(LinkTableTest, urls_beyond_a_number_of_bytes_are_not_held) {
    LinkTable small({}, {.bytes = 10});
    EXPECT_TRUE(small.add("1234"));
    EXPECT_FALSE(small.add("1234567"));
    EXPECT_TRUE(small.add("123456"));
    EXPECT_FALSE(small.add("1"));
    EXPECT_EQ(small.size(), 2u);
}

TEST_F(LinkTableTest, broken_url_is_reported_for_links_before_and_after) {
    table.link(target, "", {page, 3});
    EXPECT_EQ(rows(), "");
    table.settle_broken(target, "HTTP 404");
    table.link(target, "", {page, 9});
    EXPECT_EQ(rows(), "page:3 target HTTP 404;page:9 target HTTP 404;");
}

TEST_F(LinkTableTest, link_from_the_command_line_has_no_page) {
    table.link(target, "", {});
    table.settle_broken(target, "gone");
    EXPECT_EQ(rows(), ":0 target gone;");
}

TEST_F(LinkTableTest, fragments_are_checked_against_anchors) {
    table.link(target, "here", {page, 1});
    table.link(target, "nowhere", {page, 2});
    table.link(target, "caf%C3%A9", {page, 3});
    table.link(target, "TOP", {page, 4});
    table.link(target, ":~:text=x", {page, 5});
    table.settle_good(target, std::vector<std::string>{"here", "café"});
    table.link(target, "Here", {page, 6});
    EXPECT_EQ(
        rows(),
        "page:2 target#nowhere no anchor \"nowhere\" on the page;page:6 target#Here no anchor \"Here\" on the page;");
}

TEST_F(LinkTableTest, fragments_mean_nothing_without_anchors) {
    table.settle_good(target, std::nullopt);
    table.link(target, "page=2", {page, 1});
    EXPECT_EQ(rows(), "");
}

TEST_F(LinkTableTest, redirect_hands_links_on) {
    UrlId moved = url("moved");
    table.link(moved, "nowhere", {page, 1});
    table.settle_redirect(moved, target, "");
    table.link(moved, "here", {page, 2});
    table.settle_good(target, std::vector<std::string>{"here"});
    EXPECT_EQ(rows(), "page:1 moved#nowhere no anchor \"nowhere\" on the page;");
}

TEST_F(LinkTableTest, fragment_of_the_location_replaces_the_own) {
    UrlId moved = url("moved");
    table.link(moved, "nowhere", {page, 1});
    table.settle_redirect(moved, target, "here");
    table.settle_good(target, std::vector<std::string>{"here"});
    EXPECT_EQ(rows(), "");
}

TEST_F(LinkTableTest, redirect_loop_is_broken_for_all_in_it) {
    UrlId a = url("a"), b = url("b");
    table.link(a, "", {page, 1});
    table.link(b, "", {page, 2});
    table.settle_redirect(a, b, "");
    table.settle_redirect(b, a, "");
    table.link(a, "", {page, 3});
    EXPECT_EQ(rows(),
              "page:2 b redirect loop: b -> a -> b;page:1 a redirect loop: b -> a -> b;"
              "page:3 a redirect loop: b -> a -> b;");
}

TEST_F(LinkTableTest, redirect_to_itself_is_a_loop) {
    table.link(target, "", {page, 1});
    table.settle_redirect(target, target, "");
    EXPECT_EQ(rows(), "page:1 target redirect loop: target -> target;");
}

TEST_F(LinkTableTest, endless_chain_of_redirects_is_cut) {
    table.link(target, "", {page, 1});
    UrlId at = target;
    for (int i = 0; i < 30; ++i) {
        UrlId next = url("hop" + std::to_string(i));
        table.settle_redirect(at, next, "");
        at = next;
    }
    EXPECT_EQ(rows(), "page:1 target more than 20 redirects;");
}

TEST_F(LinkTableTest, unchecked_is_neither_good_nor_broken) {
    table.link(target, "x", {page, 1});
    table.settle_unchecked(target);
    EXPECT_EQ(rows(), "");
}

TEST_F(LinkTableTest, first_verdict_stands) {
    table.settle_broken(target, "first");
    table.settle_good(target, std::nullopt);
    table.link(target, "", {page, 1});
    EXPECT_EQ(rows(), "page:1 target first;");
}

}  // namespace
