#pragma once

#include <asyncio/base/sys.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace asyncio::testing {

/// The system calls that the library makes: `SystemCall::recv`, `SystemCall::accept` …
using SystemCall = detail::sys::Call;

/// Which calls of a kind are meant. Without a member: each.
struct When {
    std::uint64_t nth = 0;     ///< only the n-th since the plan began, from 1
    std::uint64_t every = 0;   ///< each k-th
    std::uint64_t one_in = 0;  ///< at random, one of so many; see the seed of FaultPlan
    int fd = -1;               ///< only calls on this descriptor (these alone are counted)
};
static_assert(std::is_trivially_destructible_v<When>);

/// Makes system calls of this thread fail or do less than they were asked for, as long as it lives:
///
///     asyncio::testing::FaultPlan plan;
///     plan.fail(SystemCall::accept, EMFILE, {.nth = 1});
///     plan.fail(SystemCall::recv, EINTR, {.every = 2});
///     plan.shorten(SystemCall::send, 1, {.one_in = 3});
///
/// Works on every driver; the simulated one asks it where another would call the system. A plan inside another plan
/// goes first, and the outer one sees what it lets through. Failing every call with EINTR never ends, since the library
/// repeats such calls.
/// Thread safety: belongs to its thread. Must be destroyed there, in reverse order of construction.
class FaultPlan final : private detail::sys::Interceptor {
public:
    /// Changes nothing yet. `seed` decides what `When::one_in` chooses.
    explicit FaultPlan(std::uint64_t seed = 1);
    FaultPlan(const FaultPlan&) = delete;
    FaultPlan& operator=(const FaultPlan&) = delete;
    ~FaultPlan() override;

    /// The call is not made and fails with `error` (an errno value, positive: else std::invalid_argument is thrown). Of
    /// several rules for one call the first that applies fails it.
    FaultPlan& fail(SystemCall call, int error, const When& when = {});
    /// The call is made for at most `size` bytes, at least 1.
    FaultPlan& shorten(SystemCall call, std::size_t size, const When& when = {});

    /// How many calls of the kind were made or prevented.
    [[nodiscard]] std::uint64_t seen(SystemCall call) const noexcept;
    /// How many calls were failed or shortened.
    [[nodiscard]] std::uint64_t injected() const noexcept { return injected_; }

private:
    struct Rule {
        SystemCall call;
        int error;  // 0: shorten
        std::size_t size;
        When when;
        std::uint64_t count = 0;
    };

    int before(SystemCall call, int fd, std::size_t& size) noexcept override;
    [[nodiscard]] bool applies(Rule& rule, SystemCall call, int fd) noexcept;
    [[nodiscard]] std::uint64_t random() noexcept;

    std::vector<Rule> rules_;
    std::array<std::uint64_t, static_cast<std::size_t>(SystemCall::count)> seen_{};
    std::uint64_t injected_ = 0;
    std::uint64_t random_state_;
    Interceptor* outer_;
};

}  // namespace asyncio::testing
