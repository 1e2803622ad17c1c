#include <asyncio/base/intrusive_list.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

using asyncio::detail::IntrusiveList;
using asyncio::detail::ListHook;

struct Item : ListHook {
    explicit Item(char name) : name(name) {}
    char name;
};

std::string names(const IntrusiveList<Item>& list) {
    std::string text;
    for (Item* item = list.front(); item != nullptr; item = list.next(*item)) text += item->name;
    return text;
}

TEST(IntrusiveList, pushes_and_pops) {
    IntrusiveList<Item> list;
    Item a('a');
    Item b('b');
    Item c('c');
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.pop_front(), nullptr);
    EXPECT_EQ(list.front(), nullptr);
    EXPECT_EQ(list.back(), nullptr);
    list.push_back(b);
    list.push_back(c);
    list.push_front(a);
    EXPECT_EQ(names(list), "abc");
    EXPECT_EQ(list.back(), &c);
    EXPECT_EQ(list.pop_front(), &a);
    EXPECT_FALSE(a.linked());
    EXPECT_TRUE(b.linked());
    EXPECT_EQ(names(list), "bc");
}

TEST(IntrusiveList, elements_leave_from_anywhere) {
    IntrusiveList<Item> list;
    Item a('a');
    Item b('b');
    Item c('c');
    list.push_back(a);
    list.push_back(b);
    list.push_back(c);
    b.unlink();
    b.unlink();
    EXPECT_EQ(names(list), "ac");
    c.unlink();
    a.unlink();
    EXPECT_TRUE(list.empty());
    list.push_back(c);
    EXPECT_EQ(names(list), "c");
}

TEST(IntrusiveList, an_element_that_dies_leaves) {
    IntrusiveList<Item> list;
    Item a('a');
    list.push_back(a);
    {
        Item b('b');
        list.push_back(b);
    }
    auto c = std::make_unique<Item>('c');
    list.push_front(*c);
    c.reset();
    EXPECT_EQ(names(list), "a");
}

TEST(IntrusiveList, a_list_that_dies_lets_its_elements_go) {
    Item a('a');
    Item b('b');
    {
        IntrusiveList<Item> list;
        list.push_back(a);
        list.push_back(b);
    }
    EXPECT_FALSE(a.linked() || b.linked());
    a.unlink();
}

TEST(IntrusiveList, splice_moves_everything_to_the_end) {
    IntrusiveList<Item> to;
    IntrusiveList<Item> from;
    Item a('a');
    Item b('b');
    Item c('c');
    to.splice_back(from);
    EXPECT_TRUE(to.empty());
    from.push_back(b);
    from.push_back(c);
    to.push_back(a);
    to.splice_back(from);
    EXPECT_EQ(names(to), "abc");
    EXPECT_TRUE(from.empty());
    from.push_back(a.linked() ? *to.pop_front() : a);
    EXPECT_EQ(names(from), "a");
    c.unlink();
    EXPECT_EQ(names(to), "b");
    IntrusiveList<Item> empty_target;
    empty_target.splice_back(to);
    EXPECT_EQ(names(empty_target), "b");
}

}  // namespace
