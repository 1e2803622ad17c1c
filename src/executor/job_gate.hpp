#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/executor/job.hpp>

#include <cstdint>
#include <utility>

namespace asyncio::detail {

/// Jobs, oldest first, linked by next_job.
struct JobChain {
    JobNode* first = nullptr;
    JobNode* last = nullptr;  // meaningful only while first is set
    std::uint32_t count = 0;

    void append(JobNode& job) noexcept {
        job.next_job = nullptr;
        if (first == nullptr) {
            first = &job;
        } else {
            last->next_job = &job;
        }
        last = &job;
        ++count;
    }
    JobNode* pop() noexcept {
        JobNode* job = first;
        if (job == nullptr) return nullptr;
        first = job->next_job;
        --count;
        return job;
    }
};

/// How jobs come to the threads of a pool without its lock, where nothing but that is to be done for them: one word,
/// which is all that travels between the processors of those who submit and those who run.
///
/// The pool says who may pass; all but pass() and is() with its lock held.
class JobGate {
public:
    enum class Says : std::uintptr_t {
        ask,      ///< nobody passes: take the lock, and see what is to be done
        one,      ///< a thread looks at the gate: one job may pass, and then it says `ask`
        everyone  ///< no thread need be woken or started
    };

    /// Any thread. False: the job has not passed.
    [[nodiscard]] bool pass(JobNode& job) noexcept {
        std::uintptr_t word = nothing(Says::one);  // a guess: to load it first would fetch its cache line twice
        while (says(word) != Says::ask) {
            job.next_job = newest(word);
            const Says then = says(word) == Says::one ? Says::ask : Says::everyone;
            if (word_.compare_exchange_weak(word, word_of(&job, then), memory_acq_rel, memory_relaxed)) return true;
        }
        return false;
    }

    /// Of an empty gate that says so; somebody looks until it is something else.
    [[nodiscard]] static std::uintptr_t nothing(Says what) noexcept { return word_of(nullptr, what); }
    [[nodiscard]] bool is(std::uintptr_t word) const noexcept { return word_.load(memory_relaxed) == word; }

    [[nodiscard]] Says says() const noexcept { return says(word_.load(memory_relaxed)); }
    [[nodiscard]] bool empty() const noexcept { return newest(word_.load(memory_relaxed)) == nullptr; }

    /// False when there are jobs: it says what it said.
    [[nodiscard]] bool say_if_empty(Says what) noexcept {
        std::uintptr_t word = word_.load(memory_relaxed);
        do {
            if (newest(word) != nullptr) return false;
        } while (!word_.compare_exchange_weak(word, nothing(what), memory_relaxed, memory_relaxed));
        return true;
    }
    /// Moves the jobs to the end of `jobs`.
    void say(Says what, JobChain& jobs) noexcept {
        JobNode* newer = nullptr;
        for (JobNode* job = newest(word_.exchange(nothing(what), memory_acquire)); job != nullptr;)
            newer = std::exchange(job, std::exchange(job->next_job, newer));
        while (newer != nullptr) {
            JobNode* const next = newer->next_job;
            jobs.append(*newer);
            newer = next;
        }
    }

private:
    static constexpr std::uintptr_t mask = 3;
    static Says says(std::uintptr_t word) noexcept { return static_cast<Says>(word & mask); }
    static JobNode* newest(std::uintptr_t word) noexcept { return reinterpret_cast<JobNode*>(word & ~mask); }
    static std::uintptr_t word_of(JobNode* job, Says what) noexcept {
        return reinterpret_cast<std::uintptr_t>(job) | static_cast<std::uintptr_t>(what);
    }

    Atomic<std::uintptr_t> word_{0};  // the newest job; in its low bits what the gate says
};

}  // namespace asyncio::detail
