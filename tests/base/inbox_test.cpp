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

/// Says whether the node was taken; it must not have to wake anybody.
bool push(Inbox& inbox, ReadyNode& node) {
    return inbox.push(node, [] { ADD_FAILURE() << "woken"; });
}
bool push_that_wakes(Inbox& inbox, ReadyNode& node) {
    bool woken = false;
    EXPECT_TRUE(inbox.push(node, [&] { woken = true; }));
    return woken;
}

TEST(Inbox, keeps_the_order) {
    Inbox inbox;
    ReadyQueue queue;
    std::array<Numbered, 4> nodes;
    for (int i = 0; i < 4; ++i) nodes[i].number = i;
    EXPECT_TRUE(inbox.empty());
    inbox.drain_into(queue);
    EXPECT_TRUE(queue.empty());
    push(inbox, nodes[0]);
    push(inbox, nodes[1]);
    EXPECT_FALSE(inbox.empty());
    inbox.drain_into(queue);
    push(inbox, nodes[2]);
    push(inbox, nodes[3]);
    inbox.drain_into(queue);
    EXPECT_EQ(numbers(queue), (std::vector<int>{0, 1, 2, 3}));
}

TEST(Inbox, wakes_only_a_consumer_that_sleeps_and_only_once) {
    Inbox inbox;
    ReadyQueue queue;
    std::array<Numbered, 5> nodes;
    for (int i = 0; i < 5; ++i) nodes[i].number = i;
    push(inbox, nodes[0]);
    EXPECT_FALSE(inbox.may_sleep());
    inbox.drain_into(queue);
    EXPECT_TRUE(inbox.may_sleep());
    EXPECT_TRUE(push_that_wakes(inbox, nodes[1]));
    push(inbox, nodes[2]);
    inbox.awake();
    inbox.drain_into(queue);
    push(inbox, nodes[3]);
    push(inbox, nodes[4]);
    inbox.drain_into(queue);
    EXPECT_EQ(numbers(queue), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Inbox, a_consumer_that_wakes_by_itself_need_not_be_woken) {
    Inbox inbox;
    Numbered node;
    EXPECT_TRUE(inbox.may_sleep());
    inbox.awake();
    EXPECT_TRUE(inbox.empty());
    EXPECT_FALSE(inbox.being_woken());
    push(inbox, node);
    EXPECT_FALSE(inbox.empty());
}

TEST(Inbox, says_when_a_thread_is_about_to_wake_the_consumer) {
    Inbox inbox;
    Numbered node;
    EXPECT_TRUE(inbox.may_sleep());
    inbox.push(node, [&] {
        inbox.awake();  // the consumer wakes by itself at this moment
        EXPECT_TRUE(inbox.being_woken());
    });
    EXPECT_FALSE(inbox.being_woken());
}

TEST(Inbox, refuses_when_closed) {
    Inbox inbox;
    ReadyQueue queue;
    Numbered before;
    Numbered after;
    push(inbox, before);
    inbox.close(queue);
    EXPECT_EQ(&queue.pop(), &before);
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(push(inbox, after));
}

TEST(Inbox, in_a_forked_child_nobody_sleeps_and_nobody_wakes) {
    Inbox inbox;
    ReadyQueue queue;
    Numbered before;
    Numbered after;
    EXPECT_TRUE(inbox.may_sleep());
    inbox.push(before, [&] {
        inbox.awake();
        inbox.forget_sleep();  // as if this thread were not in the child
        EXPECT_FALSE(inbox.being_woken());
    });
    Inbox of_a_sleeper;
    EXPECT_TRUE(of_a_sleeper.may_sleep());
    of_a_sleeper.forget_sleep();
    push(of_a_sleeper, after);
    of_a_sleeper.close(queue);
    EXPECT_EQ(&queue.pop(), &after);
    EXPECT_TRUE(queue.empty());
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
            for (auto& node : *nodes[p]) push(inbox, node);
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
