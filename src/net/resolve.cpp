#include <asyncio/net/resolve.hpp>

#include <asyncio/base/clock.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/task/waiter.hpp>

#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace asyncio {

namespace {

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

Answer look_up(const std::string& host, std::uint16_t port, ResolveOptions options) {
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

/// Blocks every signal in this thread, and so in the threads that it starts meanwhile.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

/// A look-up that runs in its own thread. Whoever awaits it may leave at any time; the thread finds out by `loop`.
struct LookUp : detail::ReadyNode {
    LookUp() noexcept : ReadyNode(&arrive) {}

    static void arrive(ReadyNode& node, detail::Turn turn);

    std::mutex mutex;
    detail::LoopCore* loop = nullptr;         // guarded by mutex; nullptr when nobody waits any more
    std::shared_ptr<LookUp> in_flight;        // while in the loop's queue
    class ResolveAwaiter* awaiter = nullptr;  // loop's thread only
    Answer answer;
};

class ResolveAwaiter final : public detail::Waiter {
public:
    ResolveAwaiter(const std::string& host, std::uint16_t port, ResolveOptions options)
        : host_(host),
          port_(port),
          options_(options) {}
    ~ResolveAwaiter() { leave(); }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        start();
        suspend(handle);
    }
    Answer await_resume() {
        resumed();
        return std::move(look_up_->answer);
    }
    bool cancel(std::string_view message) noexcept override {
        if (arrived_) return false;
        leave();
        accept_cancel(message);
        return true;
    }
    void arrive() noexcept {
        arrived_ = true;
        wake();
    }

private:
    void start() {
        look_up_ = std::make_shared<LookUp>();
        look_up_->loop = &task_->loop();
        look_up_->awaiter = this;
        const SignalsBlocked blocked;  // signals are for the program's own threads
        std::thread([shared = look_up_, host = host_, port = port_, options = options_] {
            Answer answer;
            try {
                answer = look_up(host, port, options);
            } catch (...) {
                answer = {EAI_MEMORY, {}};  // nothing else is thrown there
            }
            const std::lock_guard lock(shared->mutex);
            shared->answer = std::move(answer);
            if (shared->loop == nullptr) return;
            shared->in_flight = shared;
            if (!shared->loop->post(*shared)) shared->in_flight = nullptr;
        }).detach();
    }
    void leave() noexcept {
        if (!look_up_) return;
        const std::lock_guard lock(look_up_->mutex);
        look_up_->loop = nullptr;
        look_up_->awaiter = nullptr;
    }

    const std::string& host_;
    std::uint16_t port_;
    ResolveOptions options_;
    std::shared_ptr<LookUp> look_up_;
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
