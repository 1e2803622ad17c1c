#include <asyncio/net/resolve.hpp>

#include <asyncio/base/clock.hpp>
#include <asyncio/base/fork.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/base/sys.hpp>
#include <asyncio/task/waiter.hpp>

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <coroutine>
#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

namespace asyncio {

namespace {

using detail::IntrusiveList;
namespace sys = detail::sys;

class GetaddrinfoCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "getaddrinfo"; }
    [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
};

const std::error_category& getaddrinfo_category() noexcept {
    static const GetaddrinfoCategory category;
    return category;
}

/// What getaddrinfo said: its error, or addresses.
struct Answer {
    int error = 0;
    std::vector<SocketAddress> addresses;
};

Answer ask_system(const std::string& host, std::uint16_t port, ResolveOptions options) {
    addrinfo hints{};
    hints.ai_family = options.family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = options.passive ? AI_PASSIVE : 0;
    addrinfo* list = nullptr;
    const std::string service = std::to_string(port);
    Answer answer;
    answer.error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &list);
    if (answer.error != 0) return answer;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
    for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
        answer.addresses.emplace_back(
            std::as_bytes(std::span(reinterpret_cast<const char*>(info->ai_addr), info->ai_addrlen)));
    }
    return answer;
}

/// A look-up that waits for a thread or runs in one. Whoever awaits it may leave at any time; the thread finds out by
/// `loop`.
struct LookUp : detail::ReadyNode, detail::ListHook, std::enable_shared_from_this<LookUp> {
    LookUp(const std::string& name, std::uint16_t number, ResolveOptions wanted)
        : ReadyNode(&arrive),
          host(name),
          port(number),
          options(wanted) {}

    static void arrive(ReadyNode& node, detail::Turn turn);

    const std::string host;
    const std::uint16_t port;
    const ResolveOptions options;
    detail::LoopCore* loop = nullptr;         // guarded by the mutex of LookUps; nullptr when nobody waits any more
    std::shared_ptr<LookUp> in_flight;        // while in the loop's queue
    class ResolveAwaiter* awaiter = nullptr;  // loop's thread only
    Answer answer;
};

/// The process's look-ups. getaddrinfo may take minutes, so at most as many run at once as in CPython's default
/// executor; the others wait in a list. A thread ends when it finds that empty.
class LookUps {
public:
    /// Never destroyed, since threads may end after static destructors ran.
    static LookUps& of_process() {
        static LookUps* const instance = new LookUps;
        return *instance;
    }

    /// Throws std::system_error when no thread can be started and none runs that would come to it.
    void start(LookUp& look_up) {
        const std::lock_guard lock(mutex_);
        if (threads_ < most_threads_) {
            const long error = sys::start_thread(&thread_main, this);
            if (error == 0) {
                ++threads_;
            } else if (threads_ == 0) {
                throw_os_error(static_cast<int>(-error), "start a thread to look up '" + look_up.host + "'");
            }
        }
        waiting_.push_back(look_up);
    }
    /// Nobody waits for it any more.
    void leave(LookUp& look_up) noexcept {
        const std::lock_guard lock(mutex_);
        look_up.loop = nullptr;
        look_up.awaiter = nullptr;
        look_up.unlink();
    }

private:
    LookUps() {
        // A forked child has the look-ups, but not the threads.
        static constexpr detail::ForkHook fork_hook{[] { of_process().mutex_.lock(); },
                                                    [] { of_process().mutex_.unlock(); },
                                                    [] {
                                                        LookUps& self = of_process();
                                                        self.threads_ = 0;
                                                        while (self.waiting_.pop_front() != nullptr) {
                                                        }
                                                        self.mutex_.unlock();
                                                    }};
        detail::at_fork(detail::ForkOrder::look_ups, fork_hook);
    }

    static void* thread_main(void* self) noexcept {
        pthread_detach(pthread_self());
        static_cast<LookUps*>(self)->work();
        return nullptr;
    }
    void work() noexcept {
        std::unique_lock lock(mutex_);
        while (LookUp* next = waiting_.pop_front()) {
            const std::shared_ptr<LookUp> look_up = next->shared_from_this();
            lock.unlock();
            Answer answer = look_up_now(*look_up);
            lock.lock();
            look_up->answer = std::move(answer);
            if (look_up->loop == nullptr) continue;
            look_up->in_flight = look_up;
            if (!look_up->loop->post(*look_up)) look_up->in_flight = nullptr;
        }
        --threads_;
    }
    static Answer look_up_now(const LookUp& look_up) noexcept {
        try {
            return ask_system(look_up.host, look_up.port, look_up.options);
        } catch (...) {
            return {EAI_MEMORY, {}};  // nothing else is thrown there
        }
    }

    const int most_threads_ = sys::count_of_blocking_threads();
    std::mutex mutex_;
    IntrusiveList<LookUp> waiting_;
    int threads_ = 0;
};

class ResolveAwaiter final : public detail::Waiter {
public:
    ResolveAwaiter(const std::string& host, std::uint16_t port, ResolveOptions options)
        : look_up_(std::make_shared<LookUp>(host, port, options)) {}
    ~ResolveAwaiter() { LookUps::of_process().leave(*look_up_); }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        look_up_->loop = &task_->loop();
        look_up_->awaiter = this;
        LookUps::of_process().start(*look_up_);
        suspend(handle);
    }
    Answer await_resume() {
        resumed();
        return std::move(look_up_->answer);
    }
    bool cancel(std::string_view message) noexcept override {
        if (arrived_) return false;
        LookUps::of_process().leave(*look_up_);
        accept_cancel(message);
        return true;
    }
    void arrive() noexcept {
        arrived_ = true;
        wake();
    }

private:
    const std::shared_ptr<LookUp> look_up_;
    bool arrived_ = false;
};

/// In debug mode. In real time, as for slow steps: the look-up is done outside of the loop.
void log_duration(const std::string& host, std::uint16_t port, Clock::duration took, Clock::duration slow) {
    char milliseconds[32];
    std::snprintf(milliseconds, sizeof milliseconds, "%.3f", std::chrono::duration<double, std::milli>(took).count());
    detail::log(took >= slow ? LogLevel::info : LogLevel::debug,
                "Getting address info " + host + ":" + std::to_string(port) + " took " + milliseconds + "ms");
}

void LookUp::arrive(ReadyNode& node, detail::Turn turn) {
    const auto self = std::move(static_cast<LookUp&>(node).in_flight);
    if (turn == detail::Turn::run && self->awaiter != nullptr) self->awaiter->arrive();
}

}  // namespace

gaierror::gaierror(int code, const std::string& name)
    : std::system_error(code, getaddrinfo_category(), "look up '" + name + "'") {}

Coro<std::vector<SocketAddress>> resolve(std::string host, std::uint16_t port, ResolveOptions options) {
    if (SocketAddress::is_numeric(host)) {
        const SocketAddress address(host, port);
        if (options.family != 0 && options.family != address.family()) throw gaierror(EAI_ADDRFAMILY, host);
        std::vector<SocketAddress> one;
        one.push_back(address);
        co_return one;
    }
    if (detail::require_running_loop().driver().has_own_network()) {
        // A simulated network knows itself, and nothing else.
        if (host != "localhost" && !host.empty()) throw gaierror(EAI_NONAME, host);
        std::vector<SocketAddress> one;
        one.emplace_back(host.empty() ? "0.0.0.0" : "127.0.0.1", port);
        co_return one;
    }
    const Clock::time_point start = Clock::now();
    ResolveAwaiter look_up(host, port, options);
    Answer answer = co_await look_up;
    if (const detail::LoopCore& loop = detail::require_running_loop(); loop.debug)
        log_duration(host, port, Clock::now() - start, loop.slow_callback_duration);
    if (answer.error != 0) throw gaierror(answer.error, host);
    co_return std::move(answer.addresses);
}

}  // namespace asyncio
