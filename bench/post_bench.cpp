// call_soon_threadsafe, from the call in one thread until the callback has run in the loop's: while the loop is awake
// (1000 calls in a row), and while it sleeps (one call, which wakes it). Against a lock-free queue of many producers
// with an eventfd, and nothing else (the limit).

#include <asyncio/asyncio.hpp>

#include <benchmark/benchmark.h>

#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <thread>

namespace {

constexpr int in_a_row = 1000;

/// Counts the callbacks that have run; the poster waits until it is a whole number of batches. It looks at a word that
/// is written once in a batch only, so that its waiting does not slow the callbacks down.
class Arrivals {
public:
    explicit Arrivals(std::uint32_t batch) noexcept : batch_(batch) {}
    void arrive() noexcept {
        if (++count_ % batch_ != 0) return;
        batches_.fetch_add(1);
        if (sleeps_.load()) futex(FUTEX_WAKE_PRIVATE, 1);
    }
    /// Spins.
    void await(std::uint32_t batches) const noexcept {
        while (batches_.load(std::memory_order_acquire) != batches) __builtin_ia32_pause();
    }
    /// Sleeps, so that the other thread goes to sleep as well. At once: std::atomic::wait would spin and yield for a
    /// while first, and the result hang on whether the answer comes within that.
    void sleep_until(std::uint32_t batches) noexcept {
        sleeps_ = true;
        for (std::uint32_t now = batches_.load(); now != batches; now = batches_.load()) futex(FUTEX_WAIT_PRIVATE, now);
    }

private:
    void futex(int operation, std::uint32_t value) noexcept {
        ::syscall(SYS_futex, &batches_, operation, value, nullptr, nullptr, 0);
    }

    const std::uint32_t batch_;
    alignas(64) std::uint32_t count_ = 0;
    alignas(64) std::atomic<std::uint32_t> batches_{0};
    std::atomic<bool> sleeps_{false};
};

/// `post()` has the other thread call `arrivals.arrive()`.
template <class Post>
void post_in_a_row(benchmark::State& state, Arrivals& arrivals, Post post) {
    std::uint32_t batches = 0;
    for (auto _ : state) {
        for (int i = 0; i < in_a_row; ++i) post();
        arrivals.await(++batches);
    }
    state.SetItemsProcessed(state.iterations() * in_a_row);
}

template <class Post>
void post_and_sleep(benchmark::State& state, Arrivals& arrivals, Post post) {
    std::uint32_t posted = 0;
    for (auto _ : state) {
        post();
        arrivals.sleep_until(++posted);
    }
    state.SetItemsProcessed(state.iterations());
}

/// A loop in a thread of its own.
class LoopThread {
public:
    explicit LoopThread(bool awake) {
        if (awake) loop_.call_soon([this] { stay_awake(); });
        thread_ = std::thread([this] { loop_.run_forever(); });
    }
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;
    ~LoopThread() {
        loop_.call_soon_threadsafe([this] { loop_.stop(); });
        thread_.join();
        loop_.close();
    }
    void post(Arrivals& arrivals) {
        loop_.call_soon_threadsafe([&arrivals] { arrivals.arrive(); });
    }

private:
    void stay_awake() {
        loop_.call_soon([this] { stay_awake(); });
    }

    asyncio::EventLoop loop_;
    std::thread thread_;
};

void post_awake_asyncio(benchmark::State& state) {
    Arrivals arrivals(in_a_row);
    LoopThread loop(true);
    post_in_a_row(state, arrivals, [&] { loop.post(arrivals); });
}
BENCHMARK(post_awake_asyncio)->UseRealTime();

void post_asleep_asyncio(benchmark::State& state) {
    Arrivals arrivals(1);
    LoopThread loop(false);
    post_and_sleep(state, arrivals, [&] { loop.post(arrivals); });
}
BENCHMARK(post_asleep_asyncio)->UseRealTime();

// --- the limit ---

/// Vyukov's intrusive queue: an exchange and a store for each push.
class BareQueue {
public:
    struct Node {
        std::atomic<Node*> next{nullptr};
        void (*run)(Node&) = nullptr;
        Arrivals* arrivals = nullptr;
    };

    void push(Node& node) noexcept {
        node.next.store(nullptr, std::memory_order_relaxed);
        Node* const before = last_.exchange(&node);
        before->next.store(&node, std::memory_order_release);
    }
    /// nullptr when there is none, or when somebody is just pushing.
    Node* pop() noexcept {
        Node* first = first_;
        Node* next = first->next.load(std::memory_order_acquire);
        if (first == &stub_) {
            if (next == nullptr) return nullptr;
            first_ = first = next;
            next = first->next.load(std::memory_order_acquire);
        }
        if (next == nullptr) {
            if (first != last_.load(std::memory_order_acquire)) return nullptr;
            push(stub_);
            next = first->next.load(std::memory_order_acquire);
            if (next == nullptr) return nullptr;
        }
        first_ = next;
        return first;
    }
    [[nodiscard]] bool empty() const noexcept { return first_ == &stub_ && last_.load() == &stub_; }

private:
    Node stub_;
    Node* first_ = &stub_;
    alignas(64) std::atomic<Node*> last_{&stub_};
};

/// A thread that does nothing but take from a queue. Allocates nothing: no more calls than nodes wait at any time.
class BareThread {
public:
    explicit BareThread(bool awake) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event);
        thread_ = std::thread([this, awake] { work(awake); });
    }
    BareThread(const BareThread&) = delete;
    BareThread& operator=(const BareThread&) = delete;
    ~BareThread() {
        over_ = true;
        wake();
        thread_.join();
        ::close(epoll_);
        ::close(wakeup_);
    }
    void post(Arrivals& arrivals) {
        BareQueue::Node& node = nodes_[posted_++ % nodes_.size()];
        node.run = [](BareQueue::Node& self) { self.arrivals->arrive(); };
        node.arrivals = &arrivals;
        queue_.push(node);
        if (sleeps_.load() && sleeps_.exchange(false)) wake();
    }

private:
    void work(bool awake) {
        while (!over_.load(std::memory_order_relaxed)) {
            while (BareQueue::Node* node = queue_.pop()) node->run(*node);
            if (!awake) sleep();
        }
    }
    void sleep() {
        sleeps_ = true;
        if (!queue_.empty() || over_) {
            sleeps_ = false;
            return;
        }
        epoll_event event{};
        ::epoll_wait(epoll_, &event, 1, -1);
        sleeps_ = false;
    }
    void wake() const {
        const std::uint64_t one = 1;
        if (::write(wakeup_, &one, sizeof one) < 0) std::terminate();
    }

    BareQueue queue_;
    std::array<BareQueue::Node, in_a_row> nodes_;
    std::size_t posted_ = 0;
    alignas(64) std::atomic<bool> sleeps_{false};
    std::atomic<bool> over_{false};
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int wakeup_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    std::thread thread_;
};

void post_awake_bare(benchmark::State& state) {
    Arrivals arrivals(in_a_row);
    BareThread thread(true);
    post_in_a_row(state, arrivals, [&] { thread.post(arrivals); });
}
BENCHMARK(post_awake_bare)->UseRealTime();

void post_asleep_bare(benchmark::State& state) {
    Arrivals arrivals(1);
    BareThread thread(false);
    post_and_sleep(state, arrivals, [&] { thread.post(arrivals); });
}
BENCHMARK(post_asleep_bare)->UseRealTime();

}  // namespace
