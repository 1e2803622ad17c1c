#include <asyncio/testing/fault_plan.hpp>

#include <algorithm>
#include <stdexcept>

namespace asyncio::testing {

FaultPlan::FaultPlan(std::uint64_t seed) : random_state_(seed), outer_(detail::sys::set_interceptor(this)) {}

FaultPlan::~FaultPlan() {
    detail::sys::set_interceptor(outer_);
}

FaultPlan& FaultPlan::fail(SystemCall call, int error, const When& when) {
    if (error <= 0) throw std::invalid_argument("FaultPlan::fail: an errno value is positive, such as ECONNRESET");
    rules_.push_back({call, error, 0, when});
    return *this;
}

FaultPlan& FaultPlan::shorten(SystemCall call, std::size_t size, const When& when) {
    rules_.push_back({call, 0, std::max<std::size_t>(size, 1), when});
    return *this;
}

std::uint64_t FaultPlan::seen(SystemCall call) const noexcept {
    return seen_.at(static_cast<std::size_t>(call));
}

std::uint64_t FaultPlan::random() noexcept {
    // xorshift64*, which must not start at 0; the multiplication spreads the low bits.
    if (random_state_ == 0) random_state_ = 1;
    random_state_ ^= random_state_ >> 12U;
    random_state_ ^= random_state_ << 25U;
    random_state_ ^= random_state_ >> 27U;
    return (random_state_ * 0x2545F4914F6CDD1DU) >> 32U;
}

bool FaultPlan::applies(Rule& rule, SystemCall call, int fd) noexcept {
    if (rule.call != call || (rule.when.fd >= 0 && rule.when.fd != fd)) return false;
    ++rule.count;
    if (rule.when.nth != 0 && rule.count != rule.when.nth) return false;
    if (rule.when.every != 0 && rule.count % rule.when.every != 0) return false;
    return rule.when.one_in == 0 || random() % rule.when.one_in == 0;
}

int FaultPlan::before(SystemCall call, int fd, std::size_t& size) noexcept {
    ++seen_[static_cast<std::size_t>(call)];
    int error = 0;
    // Every rule counts every call, whichever of them decides.
    for (Rule& rule : rules_) {
        if (!applies(rule, call, fd) || error != 0) continue;
        if (rule.error != 0) {
            error = rule.error;
            ++injected_;
        } else if (size > rule.size) {
            size = rule.size;
            ++injected_;
        }
    }
    if (error != 0) return -error;
    return outer_ != nullptr ? outer_->before(call, fd, size) : 0;
}

}  // namespace asyncio::testing
