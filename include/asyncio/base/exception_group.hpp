#pragma once

#include <asyncio/base/standard/functional.hpp>

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

/// Decides about one exception, which may be a group.
using ExceptionCondition = std::function<bool(const std::exception_ptr&)>;

template <class E>
[[nodiscard]] bool is_exception_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const E&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace detail

/// Several exceptions that were thrown together, in order; a member may be a group itself.
///
/// BaseExceptionGroup may hold anything that can be thrown and is no `std::exception`; ExceptionGroup, which is both,
/// holds nothing but `std::exception`s. So `catch (const std::exception&)` never swallows a CancelledError that is
/// inside a group. Usually made by `make_exception_group`, and taken apart by `except_star`.
/// Mirrors Python's BaseExceptionGroup (3.11).
class BaseExceptionGroup {
public:
    /// Throws std::invalid_argument when `exceptions` is empty or contains nullptr.
    BaseExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions);
    BaseExceptionGroup(const BaseExceptionGroup&) = default;
    BaseExceptionGroup& operator=(const BaseExceptionGroup&) = default;
    virtual ~BaseExceptionGroup();

    /// The message alone, without the number of members; see `text()`.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    /// The direct members, which may be groups themselves.
    [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept { return exceptions_; }
    /// "message (2 sub-exceptions)"
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// What `split` gives.
    struct Split {
        std::exception_ptr match;  ///< a group, nullptr when nothing matches
        std::exception_ptr rest;   ///< a group, nullptr when everything matches
    };
    /// Two groups of the same nesting: what is an E of one of the types, and what is not. A type that is a group's own
    /// matches that group as a whole.
    template <class... Es>
        requires(sizeof...(Es) > 0)
    [[nodiscard]] Split split() const {
        return split([](const std::exception_ptr& error) { return (... || detail::is_exception_of<Es>(error)); });
    }
    /// The same with a predicate, which is asked about groups before it is asked about their members.
    [[nodiscard]] Split split(const std::function<bool(const std::exception_ptr&)>& condition) const;

    /// The matching part of `split`.
    template <class... Es>
        requires(sizeof...(Es) > 0)
    [[nodiscard]] std::exception_ptr subgroup() const {
        return split<Es...>().match;
    }
    /// The same for the exceptions that meet the condition.
    [[nodiscard]] std::exception_ptr subgroup(const std::function<bool(const std::exception_ptr&)>& condition) const {
        return split(condition).match;
    }

    /// A group with the same message and other members; `split` makes its groups with it. Override it in a class of
    /// your own to keep what it adds.
    [[nodiscard]] virtual std::exception_ptr derive(std::vector<std::exception_ptr> exceptions) const;

private:
    std::string message_;
    std::vector<std::exception_ptr> exceptions_;
    std::string text_;
};

/// A group of `std::exception`s, and one itself. Mirrors Python's ExceptionGroup (3.11).
class ExceptionGroup : public BaseExceptionGroup, public std::exception {
public:
    /// Throws std::invalid_argument as BaseExceptionGroup does, and when a member is not a std::exception.
    ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions);
    /// As `text()`.
    [[nodiscard]] const char* what() const noexcept override { return text().c_str(); }
};

/// An ExceptionGroup when all members are `std::exception`s, else a BaseExceptionGroup; to be rethrown. Throws
/// std::invalid_argument when there are none. Mirrors calling Python's BaseExceptionGroup.
[[nodiscard]] std::exception_ptr make_exception_group(std::string message, std::vector<std::exception_ptr> exceptions);

/// The group that `error` is, nullptr when it is none. Valid as long as a pointer to that exception exists.
[[nodiscard]] const BaseExceptionGroup* as_exception_group(const std::exception_ptr& error) noexcept;

}  // namespace asyncio
