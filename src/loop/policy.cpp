#include <asyncio/loop/policy.hpp>

#include "current_loops.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/fork.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/event_loops.hpp>

#include <pthread.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace asyncio {

namespace {

std::uint64_t next_policy_id() noexcept {
    static detail::Atomic<std::uint64_t> last{0};
    return last.fetch_add(1, detail::memory_relaxed) + 1;
}

std::string thread_name() {
    char name[32] = "";
    static_cast<void>(::pthread_getname_np(::pthread_self(), name, sizeof name));
    return std::string(name) + "-" + std::to_string(detail::thread_number());
}

using PolicyPtr = std::shared_ptr<AbstractEventLoopPolicy>;

constinit std::mutex policy_mutex;
constexpr detail::ForkHook policy_fork_hook{[] { policy_mutex.lock(); }, [] { policy_mutex.unlock(); }, nullptr};
[[maybe_unused]] const bool hooked = (detail::at_fork(detail::ForkOrder::policy, policy_fork_hook), true);

/// The process's; an empty one: the default is made when it is needed. Call with the lock. Never destroyed: a detached
/// thread may ask when static objects are gone already.
PolicyPtr& process_policy() {
    constinit static PolicyPtr* instance = nullptr;
    if (instance == nullptr) instance = new PolicyPtr;
    return *instance;
}

}  // namespace

struct DefaultEventLoopPolicy::ImplicitLoops {
    std::vector<std::unique_ptr<EventLoop>> loops;
};

DefaultEventLoopPolicy::DefaultEventLoopPolicy() noexcept : id_(next_policy_id()) {}

DefaultEventLoopPolicy::~DefaultEventLoopPolicy() {
    detail::forget_policy(id_);
}

EventLoop& DefaultEventLoopPolicy::get_event_loop() {
    detail::CurrentLoop current = detail::current_loop_of(id_);
    if (!current.set && detail::in_first_thread()) {
        if (detail::debug_by_environment())
            detail::log(LogLevel::warning, "There is no current event loop; get_event_loop() makes one (deprecated)");
        if (implicit_loops_ == nullptr) implicit_loops_ = detail::make_owner<ImplicitLoops>();
        set_event_loop(implicit_loops_->loops.emplace_back(new_event_loop()).get());
        current = detail::current_loop_of(id_);
    }
    if (current.loop == nullptr)
        throw RuntimeError("There is no current event loop in thread '" + thread_name() +
                           "': use asyncio::run(), or set_event_loop() with a loop from new_event_loop() first");
    return *current.loop;
}

void DefaultEventLoopPolicy::set_event_loop(EventLoop* loop) {
    detail::set_current_loop_of(id_, loop);
}

std::unique_ptr<EventLoop> DefaultEventLoopPolicy::new_event_loop() {
    return std::make_unique<EventLoop>();
}

std::unique_ptr<EventLoop> SelectorEventLoopPolicy::new_event_loop() {
    return std::make_unique<SelectorEventLoop>();
}

std::unique_ptr<EventLoop> ProactorEventLoopPolicy::new_event_loop() {
    return std::make_unique<ProactorEventLoop>();
}

std::shared_ptr<AbstractEventLoopPolicy> get_event_loop_policy() {
    const std::lock_guard lock(policy_mutex);
    PolicyPtr& policy = process_policy();
    if (policy == nullptr) policy = std::make_shared<DefaultEventLoopPolicy>();
    return policy;
}

void set_event_loop_policy(std::shared_ptr<AbstractEventLoopPolicy> policy) {
    const std::lock_guard lock(policy_mutex);
    process_policy().swap(policy);
    // The old one is destroyed after the lock is released, for its loop may come back here: parameters live longer.
}

EventLoop& get_event_loop() {
    if (detail::running_loop != nullptr) return *detail::running_loop->facade;
    return get_event_loop_policy()->get_event_loop();
}

void set_event_loop(EventLoop* loop) {
    get_event_loop_policy()->set_event_loop(loop);
}

std::unique_ptr<EventLoop> new_event_loop() {
    return get_event_loop_policy()->new_event_loop();
}

}  // namespace asyncio
