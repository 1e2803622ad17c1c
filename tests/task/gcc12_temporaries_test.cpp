// GCC 12 destroys aggregate temporaries, and temporaries of capturing lambdas, twice when they stand inside a co_await
// expression and have a destructor. Here every form that README and docs use is shown to construct and destroy its
// arguments equally often, on every compiler.

#include "support/lives.hpp"
#include "support/loops.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace {

using asyncio::Coro;
namespace futures = asyncio::futures;
using support::Lives;
using namespace std::chrono_literals;

const std::string long_text(100, 'x');  // longer than what a std::string keeps inside

class Gcc12Temporaries : public support::OnEachDriver {
protected:
    template <class Coroutine>
    void finish(Coroutine&& coroutine) {
        auto task = loop.create_task(std::forward<Coroutine>(coroutine));
        task.add_done_callback([this](const auto&) { loop.stop(); });
        loop.run_forever();
        task.result();
    }
    Lives lives;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Gcc12Temporaries);

/// An argument with a constructor.
struct Argument {
    explicit Argument(Lives& lives) : life(lives.one()) {}
    Lives::One life;
};

Coro<int> by_value(Argument) {
    co_return 1;
}
Coro<int> by_reference(const Argument&) {
    co_return 1;
}
Coro<int> by_rvalue(Argument&& argument) {
    const Argument own = std::move(argument);
    co_await asyncio::sleep(0ms);
    co_return 1;
}
Coro<std::string> echo(std::string text) {
    co_await asyncio::sleep(0ms);
    co_return text;
}

static_assert(std::is_trivially_destructible_v<asyncio::TaskOptions>);

TEST_P(Gcc12Temporaries, coroutine_arguments_with_constructors) {
    finish([&]() -> Coro<> {
        EXPECT_EQ(co_await by_value(Argument(lives)) + co_await by_value(Argument(lives)), 2);
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(co_await by_reference(Argument(lives)), 1);
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(co_await by_rvalue(Argument(lives)), 1);
        EXPECT_EQ(lives.now(), 0);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, string_temporaries) {
    finish([&]() -> Coro<> {
        EXPECT_EQ(co_await echo(long_text + "y"), long_text + "y");
        EXPECT_EQ(co_await echo(std::string(200, 'z')), std::string(200, 'z'));
        EXPECT_EQ(co_await asyncio::create_task(echo(long_text + "t")), long_text + "t");
        EXPECT_EQ(co_await asyncio::sleep(1ms, long_text + "s"), long_text + "s");
        EXPECT_EQ(co_await asyncio::sleep(0ms, std::vector<std::string>(2, long_text)),
                  std::vector<std::string>(2, long_text));
    });
}

TEST_P(Gcc12Temporaries, create_task_with_options_inside_co_await) {
    finish([&]() -> Coro<> {
        EXPECT_EQ(co_await asyncio::create_task(by_value(Argument(lives)), {.name = "named"}), 1);
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(co_await asyncio::create_task(by_value(Argument(lives)), {.name = std::string_view(long_text)}), 1);
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(co_await asyncio::create_task(by_value(Argument(lives)), asyncio::TaskOptions{.name = "x"}), 1);
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(co_await asyncio::create_task(by_value(Argument(lives)), {.name = "e", .eager_start = true}), 1);
    });
    EXPECT_EQ(lives.now(), 0);
}

/// A lambda with a capture that has a destructor.
auto seven_with(Lives::One life) {
    return [life]() -> Coro<int> {
        co_await asyncio::sleep(0ms);
        co_return 7;
    };
}

TEST_P(Gcc12Temporaries, named_lambdas_with_captures) {
    finish([&]() -> Coro<> {
        auto body = [life = lives.one()]() -> Coro<int> {
            co_await asyncio::sleep(0ms);
            co_return 7;
        };
        EXPECT_EQ(co_await asyncio::create_task(body), 7);
        EXPECT_EQ(lives.now(), 1);
        const auto moved = asyncio::create_task(std::move(body), {.name = "moved"});
        EXPECT_EQ(co_await moved, 7);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, temporary_lambdas_outside_co_await) {
    finish([&]() -> Coro<> {
        auto task = asyncio::create_task([life = lives.one()]() -> Coro<int> {
            co_await asyncio::sleep(0ms);
            co_return 7;
        });
        EXPECT_EQ(lives.now(), 1);
        EXPECT_EQ(co_await task, 7);
        EXPECT_EQ(lives.now(), 0);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, whatever_makes_a_task_of_a_temporary_lambda_destroys_it_once) {
    futures::ThreadPoolExecutor pool({.max_workers = 1});
    finish([&]() -> Coro<> {
        auto by_name = asyncio::create_task(seven_with(lives.one()), {.name = "by name"});
        auto of_the_loop = loop.create_task(seven_with(lives.one()));
        auto ensured = asyncio::ensure_future(seven_with(lives.one()));
        auto threadsafe = asyncio::run_coroutine_threadsafe(seven_with(lives.one()), loop);
        auto wrapped = asyncio::wrap_future(asyncio::run_coroutine_threadsafe(seven_with(lives.one()), loop));
        auto [a, b] = co_await asyncio::gather(by_name, std::move(of_the_loop));
        EXPECT_EQ(a + b + co_await ensured + co_await threadsafe + co_await std::move(wrapped), 35);
        EXPECT_EQ(lives.now(), 0);

        co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) -> Coro<> {
            group.create_task(seven_with(lives.one()));
            auto child = group.create_task(seven_with(lives.one()));
            EXPECT_EQ(co_await child, 7);
        });
        EXPECT_EQ(lives.now(), 0);

        auto job = pool.submit([text = long_text] { return text; });
        EXPECT_EQ(job.result(), long_text);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, tasks_of_temporary_lambdas_are_tasks) {
    finish([&]() -> Coro<> {
        auto deduced = asyncio::create_task(seven_with(lives.one()));
        static_assert(std::is_same_v<decltype(deduced), asyncio::Task<int>>);
        asyncio::Future<int> future = asyncio::create_task(seven_with(lives.one()));
        const asyncio::AnyTask any = asyncio::create_task(seven_with(lives.one()));
        std::vector<asyncio::Task<int>> tasks;
        tasks.push_back(asyncio::create_task(seven_with(lives.one())));
        tasks.emplace_back(asyncio::create_task(seven_with(lives.one())));
        int called = 0;
        asyncio::create_task(seven_with(lives.one())).add_done_callback([&](const asyncio::Future<int>& done) {
            called += done.result();
        });
        auto shielded = asyncio::shield(asyncio::create_task(seven_with(lives.one())));
        auto gathered = asyncio::gather(asyncio::create_task(seven_with(lives.one())), seven_with(lives.one()));
        static_assert(std::is_same_v<decltype(gathered), asyncio::Future<std::tuple<int, int>>>);
        const auto [a, b] = co_await gathered;
        EXPECT_EQ(a + b + co_await shielded, 21);
        co_await asyncio::wait(tasks);
        EXPECT_EQ(co_await asyncio::gather(std::move(tasks)), std::vector<int>(2, 7));
        EXPECT_EQ(co_await asyncio::wait_for(future, 1s) + co_await asyncio::shield(deduced), 14);
        EXPECT_EQ(co_await deduced + co_await std::move(deduced), 14);
        EXPECT_TRUE(any.done());
        EXPECT_EQ(called, 7);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, results_that_a_temporary_handle_gives_are_values) {
    futures::ThreadPoolExecutor pool({.max_workers = 1});
    const auto text = pool.submit([text = long_text] { return std::make_unique<std::string>(text); }).result();
    EXPECT_EQ(*text, long_text);
    finish([&]() -> Coro<> {
        const auto give = [text = long_text]() -> Coro<std::unique_ptr<std::string>> {
            co_return std::make_unique<std::string>(text);
        };
        EXPECT_EQ(*asyncio::create_task(decltype(give)(give), {.eager_start = true}).result(), long_text);
        co_return;
    });
}

// What may be awaited at once, and what must get a name first.
template <class Handle>
inline constexpr bool may_be_awaited_at_once = asyncio::detail::safe_handle<Handle>;
using WithLife = decltype(seven_with(std::declval<Lives::One>()));
using asyncio::detail::temporaries_survive_co_await;
static_assert(may_be_awaited_at_once<decltype(asyncio::create_task(std::declval<WithLife>()))> ==
              temporaries_survive_co_await);
static_assert(may_be_awaited_at_once<decltype(asyncio::create_task(std::declval<WithLife&>()))>);
static_assert(may_be_awaited_at_once<decltype(asyncio::create_task(std::declval<Coro<int>>()))>);
static_assert(may_be_awaited_at_once<decltype(asyncio::create_task(std::declval<std::function<Coro<int>()>>()))>);
static_assert(may_be_awaited_at_once<asyncio::Task<int>> && may_be_awaited_at_once<const asyncio::Task<int>&>);

TEST_P(Gcc12Temporaries, temporary_lambdas_that_capture_by_reference) {
    finish([&]() -> Coro<> {
        const auto life = lives.one();
        int value = 20;
        EXPECT_EQ(co_await asyncio::create_task([&]() -> Coro<int> {
                      co_await asyncio::sleep(0ms);
                      co_return ++value;
                  }),
                  21);
        EXPECT_EQ(co_await asyncio::create_task([&]() -> Coro<int> { co_return ++value; }, {.name = "ref"}), 22);
        EXPECT_EQ(lives.now(), 1);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, results_are_destroyed_once) {
    finish([&]() -> Coro<> {
        const auto make = [&]() -> Coro<Argument> { co_return Argument(lives); };
        {
            const Argument direct = co_await make();
            EXPECT_EQ(lives.now(), 1);
        }
        EXPECT_EQ(lives.now(), 0);
        co_await make();
        EXPECT_EQ(lives.now(), 0);
        co_await asyncio::create_task(make());
        EXPECT_EQ(lives.now(), 0);
        co_await asyncio::sleep(0ms, Argument(lives));
        EXPECT_EQ(lives.now(), 0);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, move_only_arguments_and_results) {
    finish([&]() -> Coro<> {
        const auto pass = [](std::unique_ptr<Argument> argument) -> Coro<std::unique_ptr<Argument>> {
            co_await asyncio::sleep(0ms);
            co_return argument;
        };
        EXPECT_NE(co_await pass(std::make_unique<Argument>(lives)), nullptr);
        EXPECT_EQ(lives.now(), 0);
        EXPECT_NE(co_await asyncio::create_task(pass(std::make_unique<Argument>(lives))), nullptr);
        EXPECT_EQ(lives.now(), 0);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Gcc12Temporaries, futures_made_inside_co_await) {
    finish([&]() -> Coro<> {
        const auto resolved = [&] {
            auto future = loop.create_future<std::string>();
            future.set_result(long_text);
            return future;
        };
        EXPECT_EQ(co_await resolved(), long_text);
        auto shared = resolved();
        EXPECT_EQ(co_await shared, long_text);
        EXPECT_EQ(co_await shared, long_text);
        EXPECT_EQ(co_await std::move(shared), long_text);
    });
}

TEST_P(Gcc12Temporaries, exceptions_pass_through_the_full_expression) {
    finish([&]() -> Coro<> {
        const auto fails = [](Argument) -> Coro<int> {
            co_await asyncio::sleep(0ms);
            throw std::runtime_error("no");
        };
        bool caught = false;
        try {
            co_await by_value(Argument(lives));
            co_await fails(Argument(lives));
        } catch (const std::runtime_error&) {
            caught = true;
        }
        EXPECT_TRUE(caught);
        EXPECT_EQ(lives.now(), 0);
    });
    EXPECT_EQ(lives.now(), 0);
}

}  // namespace
