#include <asyncio/base/except_star.hpp>

#include <algorithm>
#include <utility>

namespace asyncio {

namespace {

void collect_leaves(const std::exception_ptr& error, std::vector<std::exception_ptr>& leaves) {
    const BaseExceptionGroup* group = as_exception_group(error);
    if (group == nullptr) {
        leaves.push_back(error);
        return;
    }
    for (const std::exception_ptr& member : group->exceptions()) collect_leaves(member, leaves);
}

std::vector<std::exception_ptr> leaves_of(const std::exception_ptr& error) {
    std::vector<std::exception_ptr> leaves;
    if (error) collect_leaves(error, leaves);
    return leaves;
}

bool contains(const std::vector<std::exception_ptr>& all, const std::exception_ptr& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

std::exception_ptr ExceptStar::take_matching(const detail::ExceptionCondition& condition) {
    if (!rest_) return nullptr;
    const BaseExceptionGroup* group = as_exception_group(rest_);
    if (group == nullptr) {
        if (!condition(rest_)) return nullptr;
        return make_exception_group("", {std::exchange(rest_, nullptr)});
    }
    // Types of the members decide, not those of the groups: an ExceptionGroup is a std::exception, too.
    auto parts = group->split([&condition](const std::exception_ptr& error) {
        return as_exception_group(error) == nullptr && condition(error);
    });
    rest_ = std::move(parts.rest);
    return std::move(parts.match);
}

std::exception_ptr ExceptStar::as_plain_group(const std::exception_ptr& error) {
    const BaseExceptionGroup* group = as_exception_group(error);
    if (group == nullptr || detail::is_exception_of<ExceptionGroup>(error)) return error;
    std::vector<std::exception_ptr> members;
    for (const std::exception_ptr& member : group->exceptions()) members.push_back(as_plain_group(member));
    return make_exception_group(group->message(), std::move(members));
}

void ExceptStar::add_thrown(std::exception_ptr error) {
    if (as_exception_group(error) != nullptr) {
        const auto original = leaves_of(original_);
        const auto leaves = leaves_of(error);
        const auto is_original = [&original](const std::exception_ptr& leaf) { return contains(original, leaf); };
        if (as_exception_group(original_) != nullptr && std::all_of(leaves.begin(), leaves.end(), is_original)) {
            rethrown_.insert(rethrown_.end(), leaves.begin(), leaves.end());
            return;
        }
    }
    thrown_.push_back(std::move(error));
}

void ExceptStar::finish() {
    auto kept = leaves_of(rest_);
    kept.insert(kept.end(), rethrown_.begin(), rethrown_.end());
    std::vector<std::exception_ptr> all = std::move(thrown_);
    if (const BaseExceptionGroup* group = as_exception_group(original_)) {
        const auto left = group->subgroup([&kept](const std::exception_ptr& error) {
            return as_exception_group(error) == nullptr && contains(kept, error);
        });
        if (left) all.push_back(left);
    } else if (rest_) {
        all.push_back(rest_);
    }
    rest_ = original_ = nullptr;
    rethrown_.clear();
    if (all.empty()) return;
    if (all.size() == 1) std::rethrow_exception(all.front());
    std::rethrow_exception(make_exception_group("", std::move(all)));
}

}  // namespace asyncio
