#include "crawler/redirect.hpp"

#include <gtest/gtest.h>

using crawler::redirect_target;
using crawler::Url;

namespace {

const Url from = Url::parse("http://h/a/b");

std::string complaint(const std::optional<std::string>& location) {
    try {
        return redirect_target(from, 302, location).to_string();
    } catch (const crawler::InvalidUrl& error) {
        return error.what();
    }
}

TEST(Redirect, only_statuses_that_name_another_place) {
    for (int status : {301, 302, 303, 307, 308}) EXPECT_TRUE(crawler::is_redirect(status));
    for (int status : {200, 300, 304, 305, 404}) EXPECT_FALSE(crawler::is_redirect(status));
}

TEST(Redirect, location_is_resolved) {
    EXPECT_EQ(complaint("c"), "http://h/a/c");
    EXPECT_EQ(complaint("//other/#f"), "http://other/#f");
}

TEST(Redirect, leading_nowhere_has_a_reason) {
    EXPECT_EQ(complaint(std::nullopt), "HTTP 302 without a Location");
    EXPECT_EQ(complaint("http://"), "redirect to nowhere: URL without a host");
    EXPECT_EQ(complaint("mailto:x"), "redirect to nowhere: scheme \"mailto\" is not supported");
}

}  // namespace
