#include "crawler/url.hpp"

#include <gtest/gtest.h>

using crawler::InvalidUrl;
using crawler::Url;

namespace {

std::string normal(std::string_view text) {
    return Url::parse(text).to_string();
}

std::string complaint(std::string_view text) {
    try {
        return "accepted as " + normal(text);
    } catch (const InvalidUrl& error) {
        return error.what();
    }
}

TEST(Url, normalises_scheme_host_port_and_escapes) {
    EXPECT_EQ(normal("HTTP://Example.ORG"), "http://example.org/");
    EXPECT_EQ(normal("http://example.org:80/a"), "http://example.org/a");
    EXPECT_EQ(normal("https://example.org:0443/"), "https://example.org/");
    EXPECT_EQ(normal("http://example.org:8080/%7euser/%c3%a9"), "http://example.org:8080/~user/%C3%A9");
    EXPECT_EQ(normal("http://h/a/./b/../c/%2e%2e/d"), "http://h/a/d");
    EXPECT_EQ(normal("http://h/a b<\"é"), "http://h/a%20b%3C%22%C3%A9");
    EXPECT_EQ(normal("  http://h/a\n/b\t "), "http://h/a/b");
    EXPECT_EQ(normal("http://[::1]:8080/x"), "http://[::1]:8080/x");
    EXPECT_EQ(normal("http://user:pw@h/?q=1#f"), "http://user:pw@h/?q=1#f");
}

// The table of RFC 3986, section 5.4, but for the cases that only apply to schemes other than http.
TEST(Url, resolves_references_as_rfc_3986_says) {
    Url base = Url::parse("http://a/b/c/d;p?q");
    const std::pair<const char*, const char*> cases[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"http:g", "http://a/b/c/g"},
        {"..\\g", "http://a/b/g"},
    };
    for (auto [reference, expected] : cases) EXPECT_EQ(base.resolve(reference).to_string(), expected) << reference;
}

TEST(Url, keeps_other_schemes_as_they_are) {
    Url base = Url::parse("http://a/");
    EXPECT_EQ(base.resolve("mailto:a@b.c").to_string(), "mailto:a@b.c");
    EXPECT_EQ(base.resolve("javascript:void(0)").scheme, "javascript");
    EXPECT_FALSE(base.resolve("data:text/plain,%zz").is_http());
}

TEST(Url, names_the_nonsense) {
    EXPECT_EQ(complaint("nonsense"), "no scheme such as http:// in URL");
    EXPECT_EQ(complaint(""), "no scheme such as http:// in URL");
    EXPECT_EQ(complaint("http://"), "URL without a host");
    EXPECT_EQ(complaint("http:///path"), "URL without a host");
    EXPECT_EQ(complaint("http:path"), "URL without a host");
    EXPECT_EQ(complaint("http://a b/"), "character ' ' in the host of the URL");
    EXPECT_EQ(complaint("http://h/%zz"), "bad percent-encoding \"%zz\" in URL");
    EXPECT_EQ(complaint("http://h/%a"), "bad percent-encoding \"%a\" in URL");
    EXPECT_EQ(complaint("http://h:70000/"), "bad port \"70000\" in URL");
    EXPECT_EQ(complaint("http://h:x/"), "bad port \"x\" in URL");
    EXPECT_EQ(complaint("http://h:0/"), "bad port \"0\" in URL");
    EXPECT_EQ(complaint("http://[::1/"), "bad IPv6 address \"[::1\" in URL");
    EXPECT_EQ(complaint("http://[]:8/"), "bad IPv6 address \"[]\" in URL");
    EXPECT_EQ(complaint("http://.h/"), "bad host name in URL");
    EXPECT_EQ(complaint("http://h/" + std::string(20'000, 'x')), "URL longer than 16384 characters");
}

TEST(Url, percent_decode_leaves_what_is_no_escape) {
    EXPECT_EQ(crawler::percent_decode("a%20b%zz%4"), "a b%zz%4");
}

TEST(Url, every_short_text_is_parsed_or_refused) {
    const std::string alphabet = "ht:/?#[]@%.\\ \n0";
    Url base = Url::parse("http://h/");
    for (std::size_t n = 0; n < alphabet.size() * alphabet.size() * alphabet.size() * alphabet.size(); ++n) {
        std::string text;
        for (std::size_t rest = n, i = 0; i < 4; ++i, rest /= alphabet.size()) text += alphabet[rest % alphabet.size()];
        try {
            std::string once = base.resolve(text).to_string();
            EXPECT_EQ(base.resolve(once).to_string(), once) << text;
        } catch (const InvalidUrl&) {
        }
    }
}

}  // namespace
