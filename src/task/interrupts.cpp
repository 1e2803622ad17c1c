#include "interrupts.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/fork.hpp>

#include <cerrno>
#include <thread>

namespace asyncio::detail {

namespace {

// The handler may run in any thread. Whoever takes `active` away waits until no handler is inside any more.
Atomic<Interrupts*> active{nullptr};
Atomic<int> handlers_inside{0};

/// For the loop, to act upon a signal.
constexpr std::chrono::seconds patience{1};

}  // namespace

void Interrupts::on_signal(int) noexcept {
    const int saved_errno = errno;
    handlers_inside.fetch_add(1);
    if (Interrupts* interrupts = active.load()) interrupts->receive();
    handlers_inside.fetch_sub(1);
    errno = saved_errno;
}

void Interrupts::receive() noexcept {
    received_.fetch_add(1);
    const Clock::rep now = Clock::now().time_since_epoch().count();
    Clock::rep posted_at = 0;
    if (posted_at_.compare_exchange_strong(posted_at, now)) {
        loop_.post(*this);
    } else if (Clock::duration(now - posted_at) >= patience) {
        restore_default();  // a step blocks, and may do so for ever
    }
}

void Interrupts::deliver(ReadyNode& node, Turn turn) {
    auto& self = static_cast<Interrupts&>(node);
    self.posted_at_.store(0);  // before the count is read: a signal from now on posts again
    if (turn == Turn::drop || !self.in_scope_) return;
    while (self.undelivered()) {
        const bool first = self.delivered_++ == 0;
        if (!first || self.main_ == nullptr || self.main_->done()) throw KeyboardInterrupt();
        self.main_->cancel({});
    }
}

void Interrupts::restore_default() noexcept {
    struct sigaction action = {};
    if (::sigaction(SIGINT, nullptr, &action) != 0 || action.sa_handler != &on_signal) return;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(SIGINT, &action, nullptr);
}

void Interrupts::after_fork_in_child() noexcept {
    handlers_inside.store(0);  // those of other threads are in the parent only
    if (active.exchange(nullptr) != nullptr) restore_default();
}

Interrupts::Scope::Scope(Interrupts& interrupts, TaskCore* main) : interrupts_(interrupts) {
    static constexpr ForkHook fork_hook{nullptr, nullptr, &after_fork_in_child};
    at_fork(ForkOrder::signals, fork_hook);
    interrupts.received_.store(0, memory_release);
    interrupts.delivered_ = 0;
    if (interrupts.posted_at_.load() != 0)  // since the scope before
        interrupts.posted_at_.store(Clock::now().time_since_epoch().count());
    interrupts.main_ = main;
    interrupts.in_scope_ = true;
    struct sigaction present = {};
    if (!in_first_thread() || ::sigaction(SIGINT, nullptr, &present) != 0) return;
    if ((present.sa_flags & SA_SIGINFO) != 0 || present.sa_handler != SIG_DFL) return;
    active.store(&interrupts);
    struct sigaction ours = {};
    ours.sa_handler = &on_signal;
    ours.sa_flags = SA_RESTART;
    sigemptyset(&ours.sa_mask);
    installed_ = ::sigaction(SIGINT, &ours, nullptr) == 0;
}

Interrupts::Scope::~Scope() {
    if (installed_) {
        restore_default();
        active.store(nullptr);
        while (handlers_inside.load() != 0) std::this_thread::yield();
    }
    interrupts_.in_scope_ = false;
    interrupts_.main_ = nullptr;
}

}  // namespace asyncio::detail
