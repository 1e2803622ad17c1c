#pragma once

#include <asyncio/base/exception_group.hpp>

#include <exception>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

/// Python's `except*`: handlers for the members of a group.
///
///     asyncio::except_star(error)
///         .on<std::system_error>([](const asyncio::ExceptionGroup& group) { … })
///         .on<asyncio::TimeoutError>([](const asyncio::ExceptionGroup& group) { … })
///         .finish();
///
/// Each handler is called at most once, with a group of the members that are of its types and that no handler before it
/// has taken; the nesting is kept. It may throw. An exception that is no group is handled as a group of one, with an
/// empty message. Types that are not derived from `std::exception` give a BaseExceptionGroup.
/// Mirrors the statement `try: … except* E: …` (3.11).
class ExceptStar {
public:
    /// Used by `except_star`.
    explicit ExceptStar(std::exception_ptr error) : original_(error), rest_(std::move(error)) {}

    /// Gives the handler the members that are of one of the types, if there are any. What the handler throws is kept
    /// until `finish()`.
    template <class... Es, class Handler>
        requires(sizeof...(Es) > 0)
    [[nodiscard("without .finish() what no handler took is lost")]] ExceptStar&& on(Handler&& handler) && {
        take<Es...>(handler);
        return std::move(*this);
    }
    /// The same for a named one.
    template <class... Es, class Handler>
        requires(sizeof...(Es) > 0)
    ExceptStar& on(Handler&& handler) & {
        take<Es...>(handler);
        return *this;
    }

    /// Throws what is left: members that no handler took, in a group of their old nesting (or the exception itself,
    /// when it was no group), together with what handlers threw. A handler that throws members of the original again
    /// (`throw;` for all that it was given) puts them back into their places. Returns when nothing is left.
    void finish();

private:
    template <class... Es, class Handler>
    void take(Handler& handler) {
        static_assert((... && !std::is_base_of_v<BaseExceptionGroup, Es>), "except* cannot catch exception groups");
        using Group =
            std::conditional_t<(... && std::is_base_of_v<std::exception, Es>), ExceptionGroup, BaseExceptionGroup>;
        std::exception_ptr match =
            take_matching([](const std::exception_ptr& error) { return (... || detail::is_exception_of<Es>(error)); });
        if (!match) return;
        if constexpr (std::is_same_v<Group, ExceptionGroup>) match = as_plain_group(match);
        try {
            try {
                std::rethrow_exception(match);
            } catch (const Group& group) {  // so that `throw;` in the handler is Python's `raise`
                handler(group);
            }
        } catch (...) {
            add_thrown(std::current_exception());
        }
    }
    /// A group of the members that match, which then belong no longer to the rest; nullptr without any.
    [[nodiscard]] std::exception_ptr take_matching(const detail::ExceptionCondition& condition);
    /// The same group as an ExceptionGroup, if it is of a class of somebody's own that is none.
    [[nodiscard]] static std::exception_ptr as_plain_group(const std::exception_ptr& group);
    void add_thrown(std::exception_ptr error);

    std::exception_ptr original_;
    std::exception_ptr rest_;
    std::vector<std::exception_ptr> thrown_;    // new exceptions, by handlers
    std::vector<std::exception_ptr> rethrown_;  // leaves of the original that handlers threw again
};

/// Begins the handling of `error`, which may be nullptr: nothing happened.
[[nodiscard]] inline ExceptStar except_star(std::exception_ptr error) {
    return ExceptStar(std::move(error));
}

}  // namespace asyncio
