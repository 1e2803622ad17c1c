// The way of a job to a thread of a pool, as Relacy sees it: two threads submit, a third one runs the jobs, looks out
// at the gate when it has none, and then sleeps. What ThreadPool does with the gate is done here in few words.
//
// Shown: no job is lost or comes twice, each thread's jobs keep their order, the thread sees what a job was given, and
// it never sleeps while a job waits (Relacy reports a deadlock then), though it is woken only when it sleeps.

#define ASYNCIO_ATOMIC_HEADER "model_atomic.hpp"
#include "executor/job_gate.hpp"
#include "explored.hpp"
#include "model_wakeup.hpp"

#include <array>
#include <cstddef>
#include <exception>

namespace {

using asyncio::detail::Atomic;
using asyncio::detail::JobChain;
using asyncio::detail::JobEnd;
using asyncio::detail::JobGate;
using asyncio::detail::JobNode;
using Says = JobGate::Says;

struct Submitted final : JobNode {
    bool begin() noexcept override { return true; }
    void finish(JobEnd&) noexcept override {}
    void cancel() noexcept override {}
    void fail(std::exception_ptr) noexcept override {}
    void release_job() noexcept override {}

    rl::var<int> argument;  // written by the thread that submits, read by the one that runs it
    std::size_t submitter = 0;
    int number = 0;
    bool taken = false;
};

constexpr unsigned submitters = 2;

/// `awake`: what the gate says while the thread has work. It is `everyone` in a pool that has all its threads.
template <int jobs_each, Says awake>
struct Submitting : rl::test_suite<Submitting<jobs_each, awake>, submitters + 1> {
    void before() {
        asleep.store(0, memory_relaxed);
        for (std::size_t i = 0; i < submitters; ++i) {
            for (int k = 0; k < jobs_each; ++k) {
                Submitted& job = jobs[i][static_cast<std::size_t>(k)];
                job.submitter = i;
                job.number = k;
                job.argument(RL_INFO) = 0;
            }
        }
        gate.say(awake, queue);
    }
    void thread(unsigned index) {
        if (index == submitters) return work();
        for (Submitted& job : jobs[index]) submit(job);
    }
    void after() {
        for (auto& of_one : jobs)
            for (Submitted& job : of_one) RL_ASSERT(job.taken);
    }

    void submit(Submitted& job) {
        job.argument(RL_INFO) = job.number + 1;
        if (gate.pass(job)) return;
        bool wake = false;
        mutex.lock(RL_INFO);
        if (!gate.pass(job)) {
            gate.say(Says::ask, queue);
            queue.append(job);
            if (parked) {
                parked = false;
                asleep.store(0, memory_release);
                wake = true;
                if (awake == Says::everyone) gate.say(awake, queue);
            }
        }
        mutex.unlock(RL_INFO);
        if (wake) sleeps.wake();
    }

    void work() {
        for (int done = 0; done < static_cast<int>(submitters) * jobs_each;) {
            mutex.lock(RL_INFO);
            JobNode* job = pop();
            if (job == nullptr && look_out()) job = pop();
            if (job == nullptr) {
                park();
            } else {
                mutex.unlock(RL_INFO);
                run(static_cast<Submitted&>(*job));
                ++done;
            }
        }
    }
    JobNode* pop() {
        if (queue.first == nullptr && !gate.empty()) gate.say(awake, queue);
        return queue.pop();
    }
    bool look_out() {
        const Says what = awake == Says::everyone ? awake : Says::one;
        if (!gate.say_if_empty(what)) return true;
        mutex.unlock(RL_INFO);
        const bool came = !gate.is(JobGate::nothing(what));
        mutex.lock(RL_INFO);
        return came;
    }
    void park() {
        asleep.store(1, memory_relaxed);
        gate.say(Says::ask, queue);
        parked = queue.count == 0;
        if (!parked) asleep.store(0, memory_relaxed);
        mutex.unlock(RL_INFO);
        while (asleep.load(memory_acquire) != 0) sleeps.wait(asleep, 1);
    }
    void run(Submitted& job) {
        RL_ASSERT(!job.taken);
        RL_ASSERT(job.number == next[job.submitter]++);
        RL_ASSERT(static_cast<int>(job.argument(RL_INFO)) == job.number + 1);
        job.taken = true;
    }

    JobGate gate;
    rl::mutex mutex;
    JobChain queue;  // with the lock, as the next one
    bool parked = false;
    Atomic<std::uint32_t> asleep;
    Futex sleeps;
    std::array<std::array<Submitted, jobs_each>, submitters> jobs;
    std::array<int, submitters> next{};
};

}  // namespace

int main() {
    bool good = true;
    good &= explored<Submitting<1, Says::ask>>("one job each, one may pass", 3);
    good &= explored<Submitting<1, Says::everyone>>("one job each, all may pass", 3);
    good &= explored<Submitting<2, Says::ask>>("two jobs each, one may pass", 3);
    good &= explored<Submitting<2, Says::everyone>>("two jobs each, all may pass", 3);
    return good ? 0 : 1;
}
