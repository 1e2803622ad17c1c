// Context variables without a loop: section 7 of the specification.

#include <asyncio/base/context.hpp>

#include <asyncio/base/context_var.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using asyncio::Context;
using asyncio::ContextVar;
using asyncio::copy_context;

static_assert(!std::is_copy_constructible_v<asyncio::Token<int>>, "CTX-3: it is used once");
static_assert(std::is_trivially_destructible_v<asyncio::ContextRef>);

TEST(ContextVarTest, CTX_1_has_a_name_and_copies_are_the_same_variable) {
    const ContextVar<int> v{"v"};
    const ContextVar<int> same = v;
    const ContextVar<int> other{"v"};
    EXPECT_EQ(v.name(), "v");
    EXPECT_EQ(v, same);
    EXPECT_FALSE(v == other);
    const auto guard = v.scoped(1);
    EXPECT_EQ(same.get(), 1);
    EXPECT_EQ(other.get(0), 0);
}

TEST(ContextVarTest, CTX_2_get_prefers_the_value_then_the_argument_then_the_default) {
    const ContextVar<std::string> bare{"bare"};
    const ContextVar<std::string> v{"v", "default"};
    EXPECT_THROW(static_cast<void>(bare.get()), asyncio::LookupError);
    EXPECT_EQ(bare.get_if(), nullptr);
    EXPECT_EQ(bare.get("argument"), "argument");
    EXPECT_EQ(v.get(), "default");
    EXPECT_EQ(*v.get_if(), "default");
    EXPECT_EQ(v.get("argument"), "argument");
    const auto guard = v.scoped("value");
    EXPECT_EQ(v.get("argument"), "value");
    EXPECT_EQ(*v.get_if(), "value");
}

TEST(ContextVarTest, CTX_3_reset_restores_the_value_before_or_none) {
    const ContextVar<int> v{"v"};
    auto first = v.set(1);
    auto second = v.set(2);
    v.reset(second);
    EXPECT_EQ(v.get(), 1);
    v.reset(first);
    EXPECT_THROW(static_cast<void>(v.get()), asyncio::LookupError);
}

TEST(ContextVarTest, CTX_3_token_used_twice_throws) {
    const ContextVar<int> v{"v"};
    auto token = v.set(1);
    auto moved = std::move(token);
    EXPECT_THROW(v.reset(token), asyncio::RuntimeError);
    v.reset(moved);
    v.set(2);
    EXPECT_THROW(v.reset(moved), asyncio::RuntimeError);
    EXPECT_EQ(v.get(), 2);
    Context().run([&] { EXPECT_THROW(v.reset(moved), asyncio::RuntimeError); });
}

TEST(ContextVarTest, CTX_3_token_of_another_variable_or_context_throws_and_stays_good) {
    const ContextVar<int> v{"v"};
    const ContextVar<int> other{"other"};
    auto token = v.set(1);
    EXPECT_THROW(other.reset(token), std::invalid_argument);
    copy_context().run([&] {
        EXPECT_THROW(v.reset(token), std::invalid_argument);
        v.set(2);
        EXPECT_THROW(v.reset(token), std::invalid_argument);
    });
    EXPECT_EQ(v.get(), 1);
    v.reset(token);
    EXPECT_EQ(v.get(0), 0);
}

TEST(ContextVarTest, CTX_3_scoped_resets_at_the_end_also_when_it_throws) {
    const ContextVar<int> v{"v"};
    try {
        const auto guard = v.scoped(1);
        EXPECT_EQ(v.get(), 1);
        throw 1;
    } catch (int) {
    }
    EXPECT_EQ(v.get(0), 0);
    // A guard that ends in another context leaves both alone.
    const Context context;
    std::optional<asyncio::ContextVarScope<int>> guard;
    context.run([&] { guard.emplace(v.scoped(3)); });
    guard.reset();
    EXPECT_EQ(v.get(0), 0);
    EXPECT_EQ(context[v], 3);
}

TEST(ContextVarTest, CTX_4_token_knows_variable_and_old_value) {
    const ContextVar<int> v{"v", 7};
    auto first = v.set(1);
    EXPECT_EQ(first.var(), v);
    EXPECT_EQ(first.old_value(), std::nullopt);
    auto second = v.set(2);
    EXPECT_EQ(second.old_value(), 1);
    v.reset(second);
    EXPECT_EQ(second.old_value(), 1);
    v.reset(first);
}

TEST(ContextTest, CTX_5_copies_are_independent) {
    const ContextVar<int> v{"v"};
    const ContextVar<int> w{"w"};
    const auto guard = v.scoped(1);
    const Context snapshot = copy_context();
    const auto later = v.scoped(2);
    const Context copy = snapshot.copy();
    snapshot.run([&] { w.set(5); });
    EXPECT_EQ(snapshot[v], 1);
    EXPECT_EQ(snapshot[w], 5);
    EXPECT_FALSE(copy.contains(w));
    EXPECT_FALSE(copy == snapshot);
    EXPECT_EQ(v.get(), 2);
    EXPECT_TRUE(Context().empty());
    Context().run([&] { EXPECT_EQ(v.get(0), 0); });
}

TEST(ContextTest, CTX_6_run_keeps_changes_inside_and_passes_results_and_errors) {
    const ContextVar<int> v{"v"};
    const Context context;
    EXPECT_EQ(context.run(
                  [&](int n) {
                      v.set(n);
                      return n + 1;
                  },
                  1),
              2);
    EXPECT_EQ(v.get(0), 0);
    EXPECT_THROW(context.run([&] {
        v.set(2);
        throw std::logic_error("x");
    }),
                 std::logic_error);
    EXPECT_EQ(v.get(0), 0);
    EXPECT_EQ(context.run([&] { return v.get(); }), 2);
    int n = 0;
    static_assert(std::is_same_v<decltype(context.run([&]() -> int& { return n; })), int&>);
}

TEST(ContextTest, CTX_6_entered_twice_throws) {
    const Context context;
    const auto nothing = [] {};
    context.run([&] {
        EXPECT_THROW(context.run(nothing), asyncio::RuntimeError);
        Context().run([&] { EXPECT_THROW(context.run(nothing), asyncio::RuntimeError); });
        std::thread([&] { EXPECT_THROW(context.run(nothing), asyncio::RuntimeError); }).join();
        EXPECT_THROW(context.run(nothing), asyncio::RuntimeError);
        context.copy().run(nothing);
    });
    context.run(nothing);
}

TEST(ContextTest, CTX_7_is_a_mapping) {
    const ContextVar<int> v{"v", 9};
    const ContextVar<std::string> w{"w"};
    const Context context;
    EXPECT_FALSE(context.contains(v));
    EXPECT_THROW(static_cast<void>(context[v]), asyncio::LookupError);
    EXPECT_EQ(context.get(v), std::nullopt);
    EXPECT_EQ(context.get(v, 3), 3);
    context.run([&] {
        v.set(1);
        w.set("x");
    });
    EXPECT_TRUE(context.contains(v));
    EXPECT_EQ(context[v], 1);
    EXPECT_EQ(context.get(v, 3), 1);
    EXPECT_EQ(context.get(w), "x");
    EXPECT_EQ(context.size(), 2U);
    const auto keys = context.keys();
    EXPECT_EQ(std::count(keys.begin(), keys.end(), v) + std::count(keys.begin(), keys.end(), w), 2);
    ASSERT_EQ(context.items().size(), 2U);
    ASSERT_EQ(context.values().size(), 2U);
    for (const auto& [key, value] : context.items()) {
        if (key == v) {
            EXPECT_EQ(std::any_cast<int>(value), 1);
        } else {
            EXPECT_EQ(std::any_cast<std::string>(value), "x");
        }
    }
}

TEST(ContextTest, CTX_13_new_threads_start_empty_and_snapshots_travel) {
    const ContextVar<int> v{"v"};
    const auto guard = v.scoped(1);
    const Context snapshot = copy_context();
    std::thread([&v, snapshot] {
        EXPECT_EQ(v.get(0), 0);
        v.set(5);  // the thread's own context, which ends with it
        EXPECT_EQ(snapshot.run([&] {
            v.set(v.get() + 1);
            return v.get();
        }),
                  2);
        EXPECT_EQ(v.get(), 5);
    }).join();
    EXPECT_EQ(v.get(), 1);
    EXPECT_EQ(snapshot[v], 2);
}

TEST(ContextTest, CTX_5_threads_change_their_copies_at_the_same_time) {
    std::vector<ContextVar<std::string>> vars;
    for (int i = 0; i < 20; ++i) vars.emplace_back("v" + std::to_string(i));
    const Context base;
    base.run([&] {
        for (const auto& v : vars) v.set("base");
    });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&vars, copy = base.copy(), t] {
            for (int round = 0; round < 200; ++round) {
                const Context mine = copy.copy();
                mine.run([&] {
                    const auto& v = vars[static_cast<std::size_t>((round + t) % 20)];
                    auto token = v.set(std::to_string(t));
                    EXPECT_EQ(v.get(), std::to_string(t));
                    v.reset(token);
                    EXPECT_EQ(v.get(), "base");
                });
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(base.size(), 20U);
}

TEST(ContextTest, CTX_5_behaves_as_a_map_under_random_changes_and_copies) {
    std::vector<ContextVar<int>> vars;
    for (int i = 0; i < 600; ++i) vars.emplace_back("v");
    std::mt19937 random(1);
    struct Pair {
        Context context;
        std::map<std::size_t, int> model;
    };
    std::vector<Pair> pairs(1);
    for (int step = 0; step < 4000; ++step) {
        Pair& pair = pairs[random() % pairs.size()];
        if (random() % 50 == 0 && pairs.size() < 20) {
            Pair copied{pair.context.copy(), pair.model};
            pairs.push_back(copied);
            continue;
        }
        const std::size_t i = random() % vars.size();
        pair.context.run([&] {
            if (random() % 3 == 0) {
                // Nothing but a token unsets a variable; so one that was set is set and reset.
                auto token = vars[i].set(step);
                vars[i].reset(token);
            } else {
                vars[i].set(step);
                pair.model[i] = step;
            }
        });
    }
    for (const Pair& pair : pairs) {
        EXPECT_EQ(pair.context.size(), pair.model.size());
        for (std::size_t i = 0; i < vars.size(); ++i) {
            const auto found = pair.model.find(i);
            EXPECT_EQ(pair.context.get(vars[i], -1), found == pair.model.end() ? -1 : found->second);
        }
    }
}

TEST(ContextTest, CTX_3_everything_reset_leaves_an_empty_context) {
    std::vector<ContextVar<int>> vars;
    for (int i = 0; i < 100; ++i) vars.emplace_back("v");
    const Context context;
    context.run([&] {
        std::vector<asyncio::Token<int>> tokens;
        for (const auto& v : vars) tokens.push_back(v.set(1));
        const Context keeps = copy_context();
        for (std::size_t i = 0; i < vars.size(); ++i) vars[i].reset(tokens[i]);
        EXPECT_EQ(keeps.size(), 100U);
    });
    EXPECT_TRUE(context.empty());
}

TEST(ContextTest, CTX_1_values_and_variables_live_as_long_as_somebody_refers_to_them) {
    std::optional<ContextVar<std::shared_ptr<int>>> v(std::in_place, "v");
    const std::shared_ptr<int> value = std::make_shared<int>(1);
    std::optional<Context> copy;
    {
        const Context context;
        context.run([&] { v->set(value); });
        copy = context.copy();
        EXPECT_EQ(value.use_count(), 2);
        context.run([&] { v->set(nullptr); });
        EXPECT_EQ(value.use_count(), 2);
    }
    v.reset();
    EXPECT_EQ(copy->keys().at(0).name(), "v");
    copy.reset();
    EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
