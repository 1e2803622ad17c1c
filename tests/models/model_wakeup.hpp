#pragma once

// How the system wakes a thread, as Relacy sees it.

#include "model_atomic.hpp"

#include <cstdint>
#include <relacy/stdlib/event.hpp>

/// An eventfd in an epoll set: each write ends one wait, the next or the present one.
class Eventfd {
public:
    void prepare() { event_.init(false, false, RL_INFO); }
    void finish() { event_.deinit(RL_INFO); }
    void wake() { event_.set(RL_INFO); }
    void wait() { event_.wait(false, false, RL_INFO); }
    /// Does not wait.
    void look() { event_.wait(true, false, RL_INFO); }

private:
    rl::generic_event event_;
};

/// Of a word on which one thread sleeps. Compares and goes to sleep under a lock that whoever wakes takes, too.
class Futex {
public:
    template <class Atomic>
    void wait(Atomic& word, std::uint32_t value) {
        mutex_.lock(RL_INFO);
        if (word.load(memory_relaxed) == value) changed_.wait(mutex_, RL_INFO);
        mutex_.unlock(RL_INFO);
    }
    void wake() {
        mutex_.lock(RL_INFO);
        changed_.notify_all(RL_INFO);
        mutex_.unlock(RL_INFO);
    }

private:
    rl::mutex mutex_;
    rl::condition_variable changed_;
};
