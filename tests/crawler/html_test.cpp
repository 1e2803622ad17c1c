#include "crawler/html.hpp"

#include "crawler/html_scan.hpp"
#include "crawler/html_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <random>

using crawler::HtmlDocument;
using crawler::read_html;

namespace {

HtmlDocument read(std::string html) {
    return read_html(std::move(html), "text/html; charset=utf-8");
}

std::string repeated(std::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
}

std::vector<std::string> references(const HtmlDocument& document) {
    std::vector<std::string> result;
    for (const auto& link : document.links) result.push_back(link.reference);
    return result;
}

std::string defects(const HtmlDocument& document) {
    std::string result;
    for (const auto& defect : document.defects) result += defect.reason + "@" + std::to_string(defect.line) + ";";
    return result;
}

TEST(Html, finds_links_of_every_kind_in_document_order) {
    auto document = read(R"(<link rel=stylesheet href=1><script src=2></script>
        <a href="3">x</a><img src=4 srcset="5 1x, 6 2x"><map><area href=7></map><iframe src=8></iframe>
        <video src=9 poster=10><source src=11><track src=12></video><audio src=13></audio>
        <object data=14></object><embed src=15><input type=image src=16><form action=17></form>)");
    std::vector<std::string> expected;
    for (int i = 1; i <= 17; ++i) expected.push_back(std::to_string(i));
    auto found = references(document);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); });
    EXPECT_EQ(found, expected);
    EXPECT_EQ(defects(document), "");
}

TEST(Html, frames_and_refreshes_are_links) {
    EXPECT_EQ(references(read("<frameset><frame src=f></frameset>")), std::vector<std::string>{"f"});
    EXPECT_EQ(references(read("<meta http-equiv=Refresh content=\"5; URL='next.html'\">")),
              std::vector<std::string>{"next.html"});
}

TEST(Html, what_loads_nothing_is_no_link) {
    EXPECT_TRUE(references(read("<link rel=preconnect href=x><link rel=dns-prefetch href=y>"
                                "<form method=post action=z></form><a name=n></a>"))
                    .empty());
}

TEST(Html, srcset_candidates_may_come_without_descriptor) {
    EXPECT_EQ(references(read("<img srcset='a, b 2x,c'>")), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(references(read("<img srcset=', ,'>")), std::vector<std::string>{});
}

TEST(Html, links_know_their_line) {
    auto document = read("<p>\n<a\n  href=x>\r\n<img src=y>");
    ASSERT_EQ(document.links.size(), 2u);
    EXPECT_EQ(document.links[0].line, 3u);
    EXPECT_EQ(document.links[1].line, 4u);
}

TEST(Html, anchors_are_ids_and_names) {
    auto document = read("<h1 id=top>x</h1><a name='old'></a><p id=''><input name=field><p id=\"&eacute;\">");
    EXPECT_EQ(document.anchors, (std::vector<std::string>{"top", "old", "é"}));
}

TEST(Html, first_base_counts) {
    EXPECT_EQ(read("<base href=/a/><base href=/b/>").base, "/a/");
}

TEST(Html, entities_in_references_are_decoded) {
    EXPECT_EQ(references(read("<a href='?a=1&amp;b=2'>x</a>")), std::vector<std::string>{"?a=1&b=2"});
}

TEST(Html, ordinary_sloppiness_is_no_defect) {
    EXPECT_EQ(defects(read("<p>a<p>b<li>c<b><i>d</b></i></div></nothing><a href=x")),
              "malformed HTML: the page ends inside a tag@1;");
    EXPECT_EQ(defects(read("<p>a<p>b<li>c<b><i>d</b></i></div></nothing><a href=x>y")), "");
    EXPECT_EQ(defects(read(repeated("<p><td><li>text", 50'000))), "");
    EXPECT_EQ(defects(read(repeated("<div><span></div>", 20'000))), "");
    EXPECT_EQ(defects(read(repeated("<br/><img src=x><hr>", 20'000))), "");
    EXPECT_EQ(defects(read("1 < 2 <3 </ > <!x> <?y> <!--> <!-- a > b -->")), "");
    EXPECT_EQ(defects(read("<script>if (a < b) x = '<div>';</script><title>a <b</title>")), "");
}

TEST(Html, damage_that_hides_content_is_a_defect_with_its_line) {
    EXPECT_EQ(defects(read("a\n<!-- b\n<a href=x>")),
              "malformed HTML: comment without end hides the rest of the page@2;");
    EXPECT_EQ(defects(read("\n\n<script>x<a href=y>")),
              "malformed HTML: <script> without end hides the rest of the page@3;");
    EXPECT_EQ(defects(read("<a href=\"x>\n\nmore")), "malformed HTML: the page ends inside a tag@1;");
    EXPECT_EQ(defects(read(std::string("a\nb\0c", 5))), "malformed HTML: NUL character, binary data?@2;");
}

TEST(HtmlScan, comments_end_in_four_ways) {
    for (std::string comment : {"<!-->", "<!--->", "<!-- a -- > -->", "<!-- a -- ! > --!>"}) {
        EXPECT_FALSE(crawler::scan_html(comment).malformed) << comment;
        auto scan = crawler::scan_html(comment + "\n<!-- open");
        ASSERT_TRUE(scan.malformed) << comment;
        EXPECT_EQ(scan.malformed->line, 2u) << comment;
    }
    EXPECT_TRUE(crawler::scan_html("<!--!>").malformed);
}

TEST(HtmlScan, many_comments_are_scanned_in_linear_time) {
    // A search for each comment that runs to the end of the page would take hours.
    EXPECT_FALSE(crawler::scan_html(repeated("<!----!>", 1'000'000)).malformed);
}

TEST(Html, damaged_pages_are_read_as_far_as_possible) {
    EXPECT_EQ(references(read("<a href=x>y</a><!-- never closed <a href=z>")), std::vector<std::string>{"x"});
}

TEST(Html, absurd_depth_is_a_defect_and_costs_little) {
    const std::clock_t begin = std::clock();  // processor time: what others have does not count
    auto document = read(repeated("<div>", 1'000'000));
    EXPECT_EQ(defects(document), "HTML nested deeper than 4096 elements@1;");
    EXPECT_TRUE(document.links.empty());
    EXPECT_LT(std::clock() - begin, 2 * CLOCKS_PER_SEC);
}

TEST(Html, depth_up_to_the_limit_is_read) {
    auto document = read(repeated("<div>", 4000) + "<a href=x>" + repeated("</div>", 4000));
    EXPECT_EQ(references(document), std::vector<std::string>{"x"});
    EXPECT_EQ(defects(document), "");
}

TEST(HtmlTree, time_limit_ends_what_the_scan_does_not_foresee) {
    crawler::HtmlTree tree(repeated("<div/>", 300'000), {.time = std::chrono::milliseconds(50)});
    EXPECT_EQ(tree.document(), nullptr);
    EXPECT_EQ(tree.failure(), "HTML takes too long to parse");
}

TEST(HtmlTree, memory_limit_holds) {
    // Each <p> reopens all the fonts: quadratic memory.
    std::string html;
    for (int i = 0; i < 1000; ++i) html += "<font color=" + std::to_string(i) + ">";
    crawler::HtmlTree tree(html + repeated("<p>", 100'000), {.memory = 16u << 20});
    EXPECT_EQ(tree.document(), nullptr);
    EXPECT_EQ(tree.failure(), "HTML needs too much memory to parse");
}

TEST(HtmlTree, failed_assertion_of_the_parser_does_not_end_the_program) {
    // Found by random tag soup; Gumbo 0.10.1 stops in handle_in_table here (a fixed one may parse it).
    const char* soup =
        "<caption</h1><keygen> <keygen><table><base><caption><svg >&amp;</tfoot></i></script><keygen>é<select "
        "encoding=text/html "
        "></br><title><meta></textarea><select><th></base></plaintext><li></option><rp></body><hr>\"x";
    crawler::HtmlTree tree(soup);
    if (tree.document() == nullptr) {
        EXPECT_EQ(tree.failure(), "HTML that the parser cannot cope with");
    }
    EXPECT_NE(crawler::HtmlTree("<p>still works").document(), nullptr);
}

TEST(Html, random_tag_soup_is_survived) {
    static const char* const bits[] = {"<a href=x>",
                                       "</a>",
                                       "<table>",
                                       "<tr>",
                                       "<td>",
                                       "</table>",
                                       "<svg>",
                                       "</svg>",
                                       "<math>",
                                       "<mi>",
                                       "<select>",
                                       "<option>",
                                       "<template>",
                                       "</template>",
                                       "<form>",
                                       "</form>",
                                       "<b>",
                                       "<i>",
                                       "</b>",
                                       "<p>",
                                       "</p>",
                                       "<frameset>",
                                       "<frame>",
                                       "<body>",
                                       "</body>",
                                       "</html>",
                                       "<caption>",
                                       "<colgroup>",
                                       "<input type=hidden>",
                                       "<button>",
                                       "<nobr>",
                                       "<script>",
                                       "</script>",
                                       "<title>",
                                       "<!--",
                                       "-->",
                                       "<![CDATA[",
                                       "]]>",
                                       "&amp",
                                       "&#0;",
                                       "\xC3\xA9",
                                       "\xFF",
                                       "<",
                                       ">",
                                       "\"",
                                       "'",
                                       "=",
                                       "text",
                                       "<isindex>",
                                       "<image>",
                                       "<desc>",
                                       "<foreignObject>",
                                       "<annotation-xml ",
                                       "<keygen>"};
    std::mt19937 random(20260);
    for (int round = 0; round < 20'000; ++round) {
        std::string html;
        for (unsigned i = random() % 60; i > 0; --i) html += bits[random() % std::size(bits)];
        read(html);
    }
}

}  // namespace
