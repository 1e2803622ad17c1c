#include <asyncio/base/owner.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

using asyncio::detail::make_owner;
using asyncio::detail::Owner;

struct Base {
    explicit Base(int& alive_count) noexcept : alive(&alive_count) { ++*alive; }
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    virtual ~Base() { --*alive; }
    int* alive;
};
struct Derived final : Base {
    using Base::Base;
};

TEST(Owner, deletes_what_it_owns_once) {
    int alive = 0;
    {
        Owner<Base> owner = make_owner<Derived>(alive);
        EXPECT_EQ(alive, 1);
        Owner<Base> other(std::move(owner));
        EXPECT_TRUE(owner == nullptr);
        owner = std::move(other);
        EXPECT_TRUE(owner);
        EXPECT_FALSE(other);
        owner = make_owner<Base>(alive);
        EXPECT_EQ(alive, 1);
        other.reset(owner.release());
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(Owner, of_an_array) {
    const Owner<int[]> numbers(new int[3]{1, 2, 3});
    EXPECT_EQ(numbers[2], 3);
}

TEST(Owner, is_empty_while_it_deletes) {
    struct Looks {
        ~Looks() { *saw_nothing = *owner == nullptr; }
        const Owner<Looks>* owner;
        bool* saw_nothing;
    };
    bool saw_nothing = false;
    Owner<Looks> owner;
    owner.reset(new Looks{&owner, &saw_nothing});
    owner.reset();
    EXPECT_TRUE(saw_nothing);
}

}  // namespace
