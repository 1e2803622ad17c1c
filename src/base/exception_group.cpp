#include <asyncio/base/exception_group.hpp>

#include <algorithm>
#include <stdexcept>

namespace asyncio {

namespace {

std::string text_of(const std::string& message, std::size_t count) {
    return message + " (" + std::to_string(count) + " sub-exception" + (count == 1 ? ")" : "s)");
}

bool is_std_exception(const std::exception_ptr& error) {
    return detail::is_exception_of<std::exception>(error);
}

using Condition = std::function<bool(const std::exception_ptr&)>;

/// The parts of one member of a group.
BaseExceptionGroup::Split split_member(const std::exception_ptr& member, const Condition& condition) {
    if (condition(member)) return {member, nullptr};
    const BaseExceptionGroup* group = as_exception_group(member);
    if (group == nullptr) return {nullptr, member};
    BaseExceptionGroup::Split parts;
    std::vector<std::exception_ptr> match;
    std::vector<std::exception_ptr> rest;
    for (const std::exception_ptr& inner : group->exceptions()) {
        BaseExceptionGroup::Split part = split_member(inner, condition);
        if (part.match) match.push_back(std::move(part.match));
        if (part.rest) rest.push_back(std::move(part.rest));
    }
    if (!match.empty()) parts.match = group->derive(std::move(match));
    if (!rest.empty()) parts.rest = group->derive(std::move(rest));
    return parts;
}

}  // namespace

BaseExceptionGroup::BaseExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions)
    : message_(std::move(message)),
      exceptions_(std::move(exceptions)),
      text_(text_of(message_, exceptions_.size())) {
    if (exceptions_.empty()) throw std::invalid_argument("an exception group needs at least one exception");
    if (std::find(exceptions_.begin(), exceptions_.end(), nullptr) != exceptions_.end())
        throw std::invalid_argument("a member of an exception group is no exception");
}

BaseExceptionGroup::~BaseExceptionGroup() = default;

BaseExceptionGroup::Split BaseExceptionGroup::split(const Condition& condition) const {
    // The group as a member of nothing. A derived class is kept by derive().
    return split_member(derive(exceptions_), condition);
}

std::exception_ptr BaseExceptionGroup::derive(std::vector<std::exception_ptr> exceptions) const {
    return make_exception_group(message_, std::move(exceptions));
}

ExceptionGroup::ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions)
    : BaseExceptionGroup(std::move(message), std::move(exceptions)) {
    if (!std::all_of(this->exceptions().begin(), this->exceptions().end(), is_std_exception))
        throw std::invalid_argument("an ExceptionGroup holds only std::exceptions; make a BaseExceptionGroup");
}

std::exception_ptr make_exception_group(std::string message, std::vector<std::exception_ptr> exceptions) {
    const bool plain = std::all_of(exceptions.begin(), exceptions.end(),
                                   [](const std::exception_ptr& error) { return error && is_std_exception(error); });
    if (plain) return std::make_exception_ptr(ExceptionGroup(std::move(message), std::move(exceptions)));
    return std::make_exception_ptr(BaseExceptionGroup(std::move(message), std::move(exceptions)));
}

const BaseExceptionGroup* as_exception_group(const std::exception_ptr& error) noexcept {
    if (!error) return nullptr;
    try {
        std::rethrow_exception(error);
    } catch (const BaseExceptionGroup& group) {
        // The exception object itself, which `error` shares: rethrowing makes no copy.
        return &group;
    } catch (...) {
        return nullptr;
    }
}

}  // namespace asyncio
