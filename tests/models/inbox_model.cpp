// The way of call_soon_threadsafe through the loop's inbox, as Relacy sees it: two threads post, a third one is the
// loop, which sleeps when its inbox is empty. Every interleaving up to the bound that main() states is run, with every
// value that a relaxed memory may show.
//
// Shown: no call is lost or comes twice, each thread's calls keep their order, what a thread wrote before it posted is
// seen by the loop, and the loop never sleeps while a call waits (Relacy reports a deadlock then), though it
// is woken only when it sleeps. With a loop that closes: a call is taken or refused, never both, and nobody wakes the
// loop any more when it is closed.

#define ASYNCIO_ATOMIC_HEADER "model_atomic.hpp"
#include "explored.hpp"
#include "model_wakeup.hpp"

#include <asyncio/base/inbox.hpp>

#include <array>

namespace {

using asyncio::detail::Inbox;
using asyncio::detail::ReadyNode;
using asyncio::detail::ReadyQueue;
using asyncio::detail::Turn;

void never_run(ReadyNode&, Turn) {}

struct Call : ReadyNode {
    Call() : ReadyNode(&never_run) {}
    rl::var<int> captured;  // written by the thread that posts, read by the loop
    int poster = 0;
    int number = 0;
    bool taken = false;
    bool refused = false;
};

constexpr int posters = 2;

template <int calls_each>
struct Posting {
    void prepare() {
        wakeup.prepare();
        driver_is_gone(RL_INFO) = false;
    }
    void prepare(Call& call, int poster, int number) {
        call.poster = poster;
        call.number = number;
        call.captured(RL_INFO) = 0;
    }
    void post(Call& call) {
        call.captured(RL_INFO) = call.number + 1;
        call.refused = !inbox.push(call, [&] {
            RL_ASSERT(!static_cast<bool>(driver_is_gone(RL_INFO)));
            wakeup.wake();
        });
    }
    /// Runs what came; gives the number.
    int run_calls() {
        int count = 0;
        while (!ready.empty()) {
            auto& call = static_cast<Call&>(ready.pop());
            RL_ASSERT(!call.taken && !call.refused);
            RL_ASSERT(call.number == next[static_cast<std::size_t>(call.poster)]++);
            RL_ASSERT(static_cast<int>(call.captured(RL_INFO)) == call.number + 1);
            call.taken = true;
            ++count;
        }
        return count;
    }

    Inbox inbox;
    Eventfd wakeup;
    rl::var<bool> driver_is_gone;  // which wakes the loop
    ReadyQueue ready;
    std::array<std::array<Call, calls_each>, posters> calls;
    std::array<int, posters> next{};
};

/// Two threads post; the loop sleeps whenever there is nothing to do, until it has everything.
template <int calls_each>
struct LoopSleeps : rl::test_suite<LoopSleeps<calls_each>, posters + 1> {
    Posting<calls_each> shared;

    void before() {
        shared.prepare();
        for (int poster = 0; poster < posters; ++poster)
            for (int i = 0; i < calls_each; ++i) shared.prepare(call(poster, i), poster, i);
    }
    void thread(unsigned index) {
        if (index < posters) {
            for (int i = 0; i < calls_each; ++i) shared.post(call(static_cast<int>(index), i));
            return;
        }
        for (int done = 0; done < posters * calls_each;) {
            shared.inbox.drain_into(shared.ready);
            if (shared.ready.empty() && shared.inbox.may_sleep()) {
                shared.wakeup.wait();
                shared.inbox.awake();
            }
            shared.inbox.drain_into(shared.ready);
            done += shared.run_calls();
        }
    }
    void after() {
        for (auto& of_one : shared.calls)
            for (Call& each : of_one) RL_ASSERT(each.taken && !each.refused);
        shared.wakeup.finish();
    }
    Call& call(int poster, int i) {
        return shared.calls[static_cast<std::size_t>(poster)][static_cast<std::size_t>(i)];
    }
};

/// The loop closes while others post, having slept before or not.
template <bool sleeps>
struct LoopCloses : rl::test_suite<LoopCloses<sleeps>, posters + 1> {
    Posting<1> shared;

    void before() {
        shared.prepare();
        for (int poster = 0; poster < posters; ++poster) shared.prepare(call(poster), poster, 0);
    }
    void thread(unsigned index) {
        if (index < posters) return shared.post(call(static_cast<int>(index)));
        if (sleeps && shared.inbox.may_sleep()) {
            shared.wakeup.look();  // a timer is due, say
            shared.inbox.awake();
        }
        shared.inbox.drain_into(shared.ready);
        shared.run_calls();
        shared.inbox.close(shared.ready);
        shared.run_calls();
        while (shared.inbox.being_woken()) rl::yield(1, RL_INFO);
        shared.driver_is_gone(RL_INFO) = true;
    }
    void after() {
        for (auto& of_one : shared.calls) RL_ASSERT(of_one[0].taken != of_one[0].refused);
        shared.wakeup.finish();
    }
    Call& call(int poster) { return shared.calls[static_cast<std::size_t>(poster)][0]; }
};

}  // namespace

int main() {
    bool good = true;
    good &= explored<LoopCloses<false>>("the loop closes", 5);
    good &= explored<LoopCloses<true>>("the loop sleeps and closes", 4);
    good &= explored<LoopSleeps<1>>("one call each", 4);
    good &= explored<LoopSleeps<2>>("two calls each", 3);
    return good ? 0 : 1;
}
