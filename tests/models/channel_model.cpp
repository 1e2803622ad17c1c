// How a process pool and a worker hand each other messages and replies through shared memory, as Relacy sees it. One
// thread submits, one is the pool's, which reads replies, and one is the worker. The last two sleep when there is
// nothing for them to do. Every interleaving up to the bounds that main() states is run, with every value that a
// relaxed memory may show.
//
// Shown: no message is lost, begun twice or read while it is written, also none that is taken back; replies likewise;
// the worker begins with them in their order; neither side sleeps while there is something for it (Relacy reports a
// deadlock then), though it is woken only when it sleeps; nor is a reply left when a loop has looked out for it in
// vain.

#define ASYNCIO_ATOMIC_HEADER "model_atomic.hpp"
#include "../../src/executor/process/channel.hpp"
#include "explored.hpp"
#include "model_wakeup.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <utility>

namespace asyncio::detail {

/// For what Relacy tells of a fault.
inline std::ostream& operator<<(std::ostream& out, SlotState state) {
    return out << static_cast<std::uint32_t>(state);
}

}  // namespace asyncio::detail

namespace {

using asyncio::detail::SlotState;

/// What is said through a slot.
struct Message {
    rl::var<int> request;
    rl::var<int> reply;
};
using Channel = asyncio::detail::Channel<Message, 2>;
using Slot = Channel::Slot;

constexpr unsigned submitter = 0;
constexpr unsigned pool = 1;
constexpr std::uint64_t nobody = asyncio::detail::PromiseToLook::nobody;
constexpr std::uint64_t loop = 64;  // a reader

constexpr int answer_of(int request) {
    return request + 100;
}

constexpr auto nothing = [](std::size_t) {};

/// A worker and its parent. Messages are numbers.
template <int messages>
class Pair {
public:
    void prepare() {
        for (auto* word : {&channel_.posts, &channel_.leave, &channel_.replies}) word->store(0, memory_relaxed);
        channel_.parent_sleeps.store(Channel::asleep, memory_relaxed);  // as WorkerHandle does
        looker_.withdraw(nobody);                                       // which begins it
        channel_.done_with = channel_.next_index = 0;
        channel_.next_sequence = 0;
        for (Slot& slot : channel_.slots) {
            slot.state.store(SlotState::empty, memory_relaxed);
            slot.sequence.store(0, memory_relaxed);
        }
        eventfd_.prepare();
        first_is_read_.prepare();
    }
    void finish() {
        eventfd_.finish();
        first_is_read_.finish();
    }

    /// Whether it looks for more before it sleeps; with that there are many more executions.
    enum class Spins : bool { no, yes };
    /// `begin(message)` is a part of its work.
    template <class Begin>
    void work(Spins spins, Begin begin) {
        const auto spin = [&](auto done) { return spins == Spins::yes && done(); };
        const auto sleep = [&](auto& word, std::uint32_t value) { futex_.wait(word, value); };
        int last = -1;
        const auto wake_parent = [&] { eventfd_.wake(); };
        while (Slot* const slot = channel_.take(spin, sleep, wake_parent)) {
            const int message = slot->request(RL_INFO);
            RL_ASSERT(message > last);
            last = message;
            begin(message);
            slot->reply(RL_INFO) = answer_of(message);
            channel_.reply(*slot, wake_parent);
        }
    }

    void work(Spins spins) {
        work(spins, [](int) {});
    }
    /// Blocks until the first reply has been read; once.
    void wait_for_first() { first_is_read_.wait(); }

    /// `reader` may look for the reply.
    void submit(std::size_t index, int message, std::uint64_t reader = nobody) {
        Slot& slot = channel_.slots[index];
        slot.request(RL_INFO) = message;
        slot.reader = reader;
        slot.sequence.store(static_cast<std::uint64_t>(message), memory_relaxed);
        in_slot_[index] = message;
        channel_.post(slot, [&](auto&) { futex_.wake(); });
    }
    bool take_back(std::size_t index) { return Channel::take_back(channel_.slots[index]); }

    /// What the pool's thread does until there are so many replies. `next(index)` when a slot is empty again.
    template <class Next>
    void read_replies(int count, Next next) {
        while (true) {
            reading_.lock(RL_INFO);
            fetching_ = false;
            read_present([&](std::size_t slot) {
                looker_.withdraw(loop);  // it was late
                next(slot);
            });
            const bool all = replies_read_ == count;
            reading_.unlock(RL_INFO);
            if (all) break;
            may_sleep() ? eventfd_.wait() : eventfd_.look();
            channel_.announce_waking();
        }
        channel_.ask_to_leave([&](auto&) { futex_.wake(); });
    }
    /// What a loop does that looks out so often for replies.
    enum class GivesBack : bool { no, yes };
    void fetch_replies(int looks, GivesBack gives_back) {
        for (int i = 0; i < looks; ++i) {
            looker_.give(loop);
            if (!reading_.try_lock(RL_INFO)) continue;
            fetching_ = true;
            asyncio::detail::take_over_sleep(workers(), channel_of, loop);
            if (read_present(nothing)) eventfd_.wake();  // it was the last one, perhaps
            reading_.unlock(RL_INFO);
        }
        if (gives_back == GivesBack::no) return;
        looker_.withdraw(loop);
        if (!reading_.try_lock(RL_INFO)) return eventfd_.wake();
        if (std::exchange(fetching_, false) && announce_sleep(Channel::asleep)) eventfd_.wake();
        reading_.unlock(RL_INFO);
    }
    /// Of the loop.
    void promise_to_look() { looker_.give(loop); }

    std::array<bool, messages> done{};

private:
    static Channel& channel_of(Channel* channel) { return *channel; }
    std::array<Channel*, 1> workers() { return {&channel_}; }

    bool announce_sleep(std::uint64_t reader) { return asyncio::detail::announce_sleep(workers(), channel_of, reader); }
    bool may_sleep() {
        reading_.lock(RL_INFO);
        const std::uint64_t looker = looker_.reader();
        fetching_ = looker != nobody;
        const bool may = !announce_sleep(fetching_ ? looker : Channel::asleep);
        reading_.unlock(RL_INFO);
        return may;
    }

    template <class Next>
    bool read_present(Next next) {
        bool any = false;
        for (std::size_t i = 0; i < channel_.slots.size(); ++i) {
            Slot& slot = channel_.slots[i];
            if (!Channel::replied(slot)) continue;
            const int message = in_slot_[i];
            RL_ASSERT(static_cast<int>(slot.reply(RL_INFO)) == answer_of(message));
            RL_ASSERT(!done[static_cast<std::size_t>(message)]);
            done[static_cast<std::size_t>(message)] = true;
            ++replies_read_;
            any = true;
            Channel::release(slot);
            if (message == 0) first_is_read_.wake();
            next(i);
        }
        return any;
    }

    rl::mutex reading_;  // for all below
    bool fetching_ = false;
    asyncio::detail::PromiseToLook looker_;
    int replies_read_ = 0;
    Channel channel_;
    Futex futex_;
    Eventfd eventfd_;
    Eventfd first_is_read_;
    std::array<int, 2> in_slot_{};
};

/// One message after the other in the same slot, each when the reply of the one before has been read.
struct OneAfterTheOther : rl::test_suite<OneAfterTheOther, 2> {
    static constexpr int messages = 2;
    Pair<messages> pair;

    void before() { pair.prepare(); }
    void thread(unsigned index) {
        if (index != 0) return pair.work(Pair<messages>::Spins::yes);
        int message = 0;
        const auto submit_next = [&](std::size_t slot) {
            if (message < messages) pair.submit(slot, message++);
        };
        submit_next(0);
        pair.read_replies(messages, submit_next);
    }
    void after() {
        for (const bool done : pair.done) RL_ASSERT(done);
        pair.finish();
    }
};

/// Both slots are used. A loop promises to look for the replies, and does not.
template <std::uint64_t reader>
struct TwoAtOnce : rl::test_suite<TwoAtOnce<reader>, 3> {
    Pair<2> pair;

    void before() { pair.prepare(); }
    void thread(unsigned index) {
        if (index == submitter) {
            if (reader == loop) pair.promise_to_look();
            pair.submit(0, 0, reader);
            pair.submit(1, 1, reader);
        } else if (index == pool) {
            pair.read_replies(2, nothing);
        } else {
            pair.work(decltype(pair)::Spins::no);
        }
    }
    void after() {
        RL_ASSERT(pair.done[0] && pair.done[1]);
        pair.finish();
    }
};

/// The second one is taken back, if it can be, and another one comes into the slot.
struct OneIsTakenBack : rl::test_suite<OneIsTakenBack, 3> {
    Pair<3> pair;
    bool taken_back = false;

    void before() { pair.prepare(); }
    void thread(unsigned index) {
        if (index == submitter) {
            pair.submit(0, 0);
            pair.submit(1, 1);
            taken_back = pair.take_back(1);
            if (taken_back) pair.submit(1, 2);
        } else if (index == pool) {
            pair.read_replies(2, nothing);
        } else {
            pair.work(decltype(pair)::Spins::no);
        }
    }
    void after() {
        RL_ASSERT(pair.done[0] && pair.done[1] != taken_back && pair.done[2] == taken_back);
        pair.finish();
    }
};

/// The submitter is a loop, which promises to look out for the reply in place of the pool's thread, and then does, so
/// many times. It may forget to give the sleep back, and to look any more.
template <std::uint64_t reader, int looks, Pair<1>::GivesBack gives_back>
struct TheLoopLooksOut : rl::test_suite<TheLoopLooksOut<reader, looks, gives_back>, 3> {
    Pair<1> pair;

    void before() { pair.prepare(); }
    void thread(unsigned index) {
        if (index == submitter) {
            pair.promise_to_look();
            pair.submit(0, 0, reader);
            pair.fetch_replies(looks, gives_back);
        } else if (index == pool) {
            pair.read_replies(1, nothing);
        } else {
            pair.work(decltype(pair)::Spins::no);
        }
    }
    void after() {
        RL_ASSERT(pair.done[0]);
        pair.finish();
    }
};

/// The worker's second job is long: it lasts until the first reply has been read. The loop looks so many times, and
/// then sleeps.
template <int looks>
struct TheLoopSleeps : rl::test_suite<TheLoopSleeps<looks>, 3> {
    Pair<2> pair;

    void before() { pair.prepare(); }
    void thread(unsigned index) {
        if (index == submitter) {
            pair.promise_to_look();
            pair.submit(0, 0, loop);
            pair.submit(1, 1, loop);
            pair.fetch_replies(looks, decltype(pair)::GivesBack::yes);
        } else if (index == pool) {
            pair.read_replies(2, nothing);
        } else {
            pair.work(decltype(pair)::Spins::no, [&](int message) {
                if (message == 1) pair.wait_for_first();
            });
        }
    }
    void after() {
        RL_ASSERT(pair.done[0] && pair.done[1]);
        pair.finish();
    }
};

}  // namespace

int main() {
    bool good = true;
    good &= explored<OneAfterTheOther>("one after the other", 3);
    good &= explored<TwoAtOnce<nobody>>("two at once", 2);
    good &= explored<OneIsTakenBack>("one is taken back", 2);
    using GivesBack = Pair<1>::GivesBack;
    good &= explored<TheLoopLooksOut<loop, 2, GivesBack::yes>>("the loop looks out", 2);
    good &= explored<TheLoopLooksOut<loop + 1, 2, GivesBack::yes>>("the loop looks out, the reply is another's", 2);
    good &= explored<TheLoopLooksOut<loop, 1, GivesBack::no>>("the loop forgets to look", 2);
    good &= explored<TheLoopSleeps<0>>("the loop promises to look, and sleeps", 1);
    good &= explored<TheLoopSleeps<1>>("the loop looks out, and sleeps", 1);
    good &= explored<TwoAtOnce<loop>>("the loop only promises to look", 2);
    return good ? 0 : 1;
}
