#pragma once

#include <asyncio/asyncio.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

/// A third party's event loop: a driver on poll(2), and a policy that makes loops of it.
namespace foreign {

class PollDriver : public asyncio::ReadinessDriver {
    using Clock = asyncio::Clock;

public:
    PollDriver() {
        if (wakeup_ < 0) asyncio::throw_os_error(errno, "create an eventfd");
    }
    ~PollDriver() override {
        close_sockets();
        ::close(wakeup_);
    }

    std::string_view name() const noexcept override { return "poll"; }

    /// From any thread: a number in the eventfd makes poll return.
    void wake() noexcept override { static_cast<void>(::eventfd_write(wakeup_, 1)); }

    void wait(Clock::time_point deadline) override {
        polled_.assign(1, {wakeup_, POLLIN, 0});
        for (const auto& [fd, events] : interests_) polled_.push_back({fd, events, 0});
        if (must_not_block()) deadline = Clock::time_point::min();
        std::chrono::nanoseconds left{0};
        const bool for_ever = deadline == Clock::time_point::max();
        if (!for_ever && deadline != Clock::time_point::min() && deadline > now()) left = deadline - now();
        if (left < left.zero()) left = left.zero();
        const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
        if (::ppoll(polled_.data(), polled_.size(), for_ever ? nullptr : &timeout, nullptr) <= 0) return;
        for (const auto& [fd, events, ready] : polled_) {
            if (ready == 0) continue;
            if (fd == wakeup_) {
                eventfd_t count;
                ::eventfd_read(fd, &count);
            } else if ((ready & POLLNVAL) != 0) {
                interests_.erase(fd);  // closed behind our back
            } else {
                found(fd, (ready & ~POLLOUT) != 0, (ready & ~POLLIN) != 0);  // errors concern both
            }
        }
    }

protected:
    std::int64_t set_interest(int fd, bool read, bool write) noexcept override try {
        if (!read && !write) return interests_.erase(fd), 0;
        if (::fcntl(fd, F_GETFD) < 0) return -errno;
        interests_[fd] = static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
        return 0;
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }

private:
    int wakeup_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::map<int, short> interests_;
    std::vector<pollfd> polled_;  // kept, so that waiting allocates nothing
};

/// Remembers each thread's current loop, as every policy does, and makes loops on poll.
class PollPolicy final : public asyncio::DefaultEventLoopPolicy {
public:
    std::unique_ptr<asyncio::EventLoop> new_event_loop() override {
        return std::make_unique<asyncio::EventLoop>(std::make_unique<PollDriver>());
    }
};

}  // namespace foreign
