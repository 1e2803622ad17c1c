#include "crawler/frontier.hpp"

#include <gtest/gtest.h>

using crawler::Frontier;
using crawler::Job;

namespace {

/// Takes jobs until none is ready, and names them.
std::string drain(Frontier& frontier) {
    std::string order;
    while (auto job = frontier.pop()) order += job->host + std::to_string(job->url) + " ";
    return order;
}

TEST(Frontier, first_come_first_served_within_a_host) {
    Frontier frontier(10);
    for (unsigned i = 0; i < 4; ++i) frontier.push({.url = i, .host = "a"});
    EXPECT_EQ(drain(frontier), "a0 a1 a2 a3 ");
    EXPECT_EQ(frontier.in_flight(), 4u);
    EXPECT_EQ(frontier.queued(), 0u);
}

TEST(Frontier, hosts_take_turns) {
    Frontier frontier(10);
    for (unsigned i = 0; i < 3; ++i) frontier.push({.url = i, .host = "a"});
    for (unsigned i = 0; i < 2; ++i) frontier.push({.url = i, .host = "b"});
    EXPECT_EQ(drain(frontier), "a0 b0 a1 b1 a2 ");
}

TEST(Frontier, host_at_its_limit_waits_until_a_fetch_is_over) {
    Frontier frontier(2);
    for (unsigned i = 0; i < 3; ++i) frontier.push({.url = i, .host = "a"});
    frontier.push({.url = 9, .host = "b"});
    EXPECT_EQ(drain(frontier), "a0 b9 a1 ");
    EXPECT_EQ(frontier.queued(), 1u);
    frontier.finished(Job{.url = 0, .host = "a"});
    EXPECT_EQ(drain(frontier), "a2 ");
    EXPECT_EQ(frontier.in_flight(), 3u);
}

TEST(Frontier, lowered_limit_holds_for_jobs_already_queued) {
    Frontier frontier(5);
    for (unsigned i = 0; i < 3; ++i) frontier.push({.url = i, .host = "a"});
    frontier.limit_host("a", 1);
    EXPECT_EQ(drain(frontier), "a0 ");
    frontier.finished(Job{.url = 0, .host = "a"});
    EXPECT_EQ(drain(frontier), "a1 ");
}

}  // namespace
