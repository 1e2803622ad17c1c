#include <asyncio/base/inbox.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

namespace {

using asyncio::detail::Inbox;
using asyncio::detail::ReadyNode;
using asyncio::detail::ReadyQueue;
using asyncio::detail::Turn;

struct Numbered : ReadyNode {
    Numbered() : ReadyNode([](ReadyNode&, Turn) {}) {}
    int producer = 0;
    int number = 0;
};

std::vector<int> numbers(ReadyQueue& queue) {
    std::vector<int> all;
    while (!queue.empty()) all.push_back(static_cast<Numbered&>(queue.pop()).number);
    return all;
}

TEST(Inbox, keeps_the_order) {
    Inbox inbox;
    ReadyQueue queue;
    std::array<Numbered, 4> nodes;
    for (int i = 0; i < 4; ++i) nodes[i].number = i;
    EXPECT_TRUE(inbox.empty());
    inbox.drain_into(queue);
    EXPECT_TRUE(queue.empty());
    inbox.push(nodes[0]);
    inbox.push(nodes[1]);
    EXPECT_FALSE(inbox.empty());
    inbox.drain_into(queue);
    inbox.push(nodes[2]);
    inbox.push(nodes[3]);
    inbox.drain_into(queue);
    EXPECT_EQ(numbers(queue), (std::vector<int>{0, 1, 2, 3}));
}

TEST(Inbox, wakes_only_a_consumer_that_sleeps_and_only_once) {
    Inbox inbox;
    ReadyQueue queue;
    std::array<Numbered, 5> nodes;
    EXPECT_EQ(inbox.push(nodes[0]), Inbox::Pushed::taken);
    EXPECT_FALSE(inbox.may_sleep());
    inbox.drain_into(queue);
    EXPECT_TRUE(inbox.may_sleep());
    EXPECT_EQ(inbox.push(nodes[1]), Inbox::Pushed::wake);
    EXPECT_EQ(inbox.push(nodes[2]), Inbox::Pushed::taken);
    inbox.awake();
    inbox.drain_into(queue);
    EXPECT_EQ(inbox.push(nodes[3]), Inbox::Pushed::taken);
    EXPECT_EQ(inbox.push(nodes[4]), Inbox::Pushed::taken);
}

TEST(Inbox, refuses_when_closed) {
    Inbox inbox;
    ReadyQueue queue;
    Numbered before;
    Numbered after;
    inbox.push(before);
    inbox.close(queue);
    EXPECT_EQ(&queue.pop(), &before);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(inbox.push(after), Inbox::Pushed::refused);
}

TEST(Inbox, Threadsafe_many_producers_lose_nothing) {
    constexpr int producers = 3;
    constexpr int each = 5000;
    Inbox inbox;
    std::vector<std::unique_ptr<std::array<Numbered, each>>> nodes;
    for (int p = 0; p < producers; ++p) {
        nodes.push_back(std::make_unique<std::array<Numbered, each>>());
        for (int i = 0; i < each; ++i) {
            (*nodes[p])[i].producer = p;
            (*nodes[p])[i].number = i;
        }
    }
    std::vector<std::thread> threads;
    for (int p = 0; p < producers; ++p) {
        threads.emplace_back([&, p] {
            for (auto& node : *nodes[p]) inbox.push(node);
        });
    }
    std::array<int, producers> next{};
    int taken = 0;
    while (taken < producers * each) {
        ReadyQueue queue;
        inbox.drain_into(queue);
        for (; !queue.empty(); ++taken) {
            auto& node = static_cast<Numbered&>(queue.pop());
            ASSERT_EQ(node.number, next[node.producer]++);
        }
    }
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(inbox.empty());
}

TEST(ReadyQueue, is_fifo_and_can_be_put_together) {
    ReadyQueue queue;
    std::array<Numbered, 5> nodes;
    for (int i = 0; i < 5; ++i) nodes[i].number = i;
    queue.push(nodes[0]);
    queue.push(nodes[1]);
    ReadyQueue batch = queue.take();
    EXPECT_TRUE(queue.empty());
    queue.push(nodes[3]);
    batch.push(nodes[2]);
    queue.prepend(batch.take());
    queue.push(nodes[4]);
    queue.prepend(ReadyQueue());
    EXPECT_EQ(numbers(queue), (std::vector<int>{0, 1, 2, 3, 4}));
    queue.push(nodes[1]);
    queue.prepend(queue.take());
    queue.push(nodes[2]);
    EXPECT_EQ(numbers(queue), (std::vector<int>{1, 2}));
}

}  // namespace
