#include "crawler/charset.hpp"

#include <gtest/gtest.h>

using crawler::decode_html;

namespace {

TEST(Charset, header_wins_over_meta) {
    auto text = decode_html("<meta charset=utf-8>caf\xE9", "text/html; charset=ISO-8859-1");
    EXPECT_EQ(text.utf8, "<meta charset=utf-8>café");
    EXPECT_FALSE(text.defect);
}

TEST(Charset, meta_is_found_in_both_forms) {
    EXPECT_TRUE(decode_html("<meta charset='koi8-r'>\xC1", "text/html").utf8.ends_with("а"));
    EXPECT_TRUE(
        decode_html("<META http-equiv=Content-Type content=\"text/html; charset=windows-1251\">\xE0", "text/html")
            .utf8.ends_with("а"));
}

TEST(Charset, byte_order_mark_wins_over_all) {
    EXPECT_EQ(decode_html("\xEF\xBB\xBFé", "text/html; charset=koi8-r").utf8, "é");
    EXPECT_EQ(decode_html(std::string("\xFF\xFEh\0i\0", 6), "text/html; charset=utf-8").utf8, "hi");
    EXPECT_EQ(decode_html(std::string("\xFE\xFF\0h\0i", 6), "text/html").utf8, "hi");
}

TEST(Charset, bytes_decide_when_nothing_is_declared) {
    EXPECT_EQ(decode_html("é", "text/html").utf8, "é");
    auto western = decode_html("caf\xE9 \x80", "text/html");
    EXPECT_EQ(western.utf8, "café €");
    EXPECT_FALSE(western.defect);
}

TEST(Charset, wrong_declaration_is_a_defect_with_its_line) {
    auto text = decode_html("one\ntwo\ncaf\xE9", "text/html; charset=utf-8");
    ASSERT_TRUE(text.defect);
    EXPECT_EQ(text.defect->reason, "wrong charset: declared as UTF-8, but the bytes are not");
    EXPECT_EQ(text.defect->line, 3u);
    EXPECT_EQ(text.utf8, "one\ntwo\ncaf\uFFFD");
}

TEST(Charset, wrong_multibyte_declaration_is_a_defect) {
    auto text = decode_html("x\n\xFF\xFF", "text/html; charset=euc-jp");
    ASSERT_TRUE(text.defect);
    EXPECT_EQ(text.defect->line, 2u);
}

TEST(Charset, unknown_name_is_a_defect) {
    auto text = decode_html("hello", "text/html; charset=klingon");
    ASSERT_TRUE(text.defect);
    EXPECT_EQ(text.defect->reason, "unknown charset \"klingon\"");
    EXPECT_EQ(text.utf8, "hello");
    EXPECT_TRUE(decode_html("x", "text/html; charset=\"utf-8//TRANSLIT\"").defect);
}

TEST(Charset, undefined_bytes_of_latin_1_are_no_defect) {
    EXPECT_FALSE(decode_html("a\x81z", "text/html; charset=iso-8859-1").defect);
}

TEST(Charset, charset_parameter_is_found_in_its_forms) {
    EXPECT_EQ(crawler::charset_of("text/html; charset=UTF-8"), "utf-8");
    EXPECT_EQ(crawler::charset_of("text/html;charset = \"koi8-r\" ; x"), "koi8-r");
    EXPECT_EQ(crawler::charset_of("text/html"), "");
}

TEST(Charset, overlong_surrogate_and_cut_sequences_are_invalid) {
    EXPECT_EQ(crawler::first_invalid_utf8("a\xC0\x80"), 1u);
    EXPECT_EQ(crawler::first_invalid_utf8("\xE0\x80\x80"), 0u);
    EXPECT_EQ(crawler::first_invalid_utf8("\xED\xA0\x80"), 0u);
    EXPECT_EQ(crawler::first_invalid_utf8("ab\xE2\x82"), 2u);
    EXPECT_EQ(crawler::first_invalid_utf8("\xF4\x90\x80\x80"), 0u);
    EXPECT_EQ(crawler::first_invalid_utf8("é€😀"), std::string_view::npos);
}

}  // namespace
