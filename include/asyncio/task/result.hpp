#pragma once

#include <asyncio/base/standard/functional.hpp>
#include <asyncio/task/future_core.hpp>
#include <asyncio/task/slot.hpp>

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace asyncio {

namespace detail {

/// What stands for a T inside a container: nothing cannot be stored, a reference can only be as a wrapper.
template <class T>
struct StorableOf {
    using type = T;
};
template <>
struct StorableOf<void> {
    using type = std::monostate;
};
template <class T>
struct StorableOf<T&> {
    using type = std::reference_wrapper<T>;
};
template <class T>
using Storable = typename StorableOf<T>::type;

}  // namespace detail

/// How one of several awaitables ended: with a value, or with an exception (a CancelledError is one of them). An
/// element of what `gather(…, asyncio::return_exceptions)` gives. `void` has the value std::monostate, a reference a
/// std::reference_wrapper.
template <class T>
class Result {
public:
    using value_type = detail::Storable<T>;

    /// A value.
    explicit Result(value_type value) : outcome_(std::in_place_index<0>, std::move(value)) {}
    /// An exception.
    explicit Result(std::exception_ptr error) noexcept
        requires(!std::is_same_v<value_type, std::exception_ptr>)
        : Result(std::in_place_index<1>, std::move(error)) {}
    /// The same, also where the value itself is a std::exception_ptr.
    Result(std::in_place_index_t<1> failed, std::exception_ptr error) noexcept : outcome_(failed, std::move(error)) {}

    /// Whether there is a value.
    [[nodiscard]] bool has_value() const noexcept { return outcome_.index() == 0; }
    /// As `has_value()`.
    explicit operator bool() const noexcept { return has_value(); }

    /// The value; throws the exception when there is one.
    [[nodiscard]] value_type& value() & {
        check();
        return *std::get_if<0>(&outcome_);
    }
    /// The same.
    [[nodiscard]] const value_type& value() const& {
        check();
        return *std::get_if<0>(&outcome_);
    }
    /// The same; moves the value out.
    [[nodiscard]] value_type value() && {
        check();
        return std::move(*std::get_if<0>(&outcome_));
    }
    /// The exception; nullptr when there is a value.
    [[nodiscard]] std::exception_ptr exception() const noexcept {
        const auto* error = std::get_if<1>(&outcome_);
        return error == nullptr ? nullptr : *error;
    }

private:
    void check() const {
        if (const auto* error = std::get_if<1>(&outcome_)) std::rethrow_exception(*error);
    }

    std::variant<value_type, std::exception_ptr> outcome_;
};

/// The type of the tag `return_exceptions`.
struct ReturnExceptions {
    explicit constexpr ReturnExceptions() noexcept = default;
};

/// Last argument of gather: exceptions become elements of the result instead of being thrown.
/// Mirrors `return_exceptions=True`.
inline constexpr ReturnExceptions return_exceptions{};

namespace detail {

/// The result of a future that has one: moved out when it cannot be copied or nobody else could ask for it, as awaiting
/// an rvalue future does.
template <class T>
T take_or_copy(FutureCore& future) {
    auto& slot = static_cast<Slot<T>&>(future.slot());
    if constexpr (std::is_void_v<T> || std::is_reference_v<T> || !is_copyable<T>) {
        return slot.take();
    } else {
        if (!future.shared()) return slot.take();
        return slot.get();
    }
}

template <class T>
Storable<T> take_storable(FutureCore& future) {
    if constexpr (std::is_void_v<T>) {
        return {};
    } else {
        return take_or_copy<T>(future);
    }
}

template <class T>
Result<T> take_outcome(FutureCore& future) {
    if (std::exception_ptr error = future.outcome_error()) return Result<T>(std::in_place_index<1>, std::move(error));
    return Result<T>(take_storable<T>(future));
}

}  // namespace detail
}  // namespace asyncio
