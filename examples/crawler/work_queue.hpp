#pragma once

#include "frontier.hpp"

#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/future.hpp>

#include <deque>
#include <optional>
#include <utility>

namespace crawler {

/// The Frontier with waiting on top, in the manner of asyncio.Queue: workers `co_await queue.next()`, and are told when
/// there will never be more, because nothing is queued, under way or to come back.
class WorkQueue {
public:
    explicit WorkQueue(std::size_t per_host) : frontier_(per_host) {}

    void push(Job job) {
        ++unfinished_;
        enter(std::move(job));
    }

    /// The next job that may be fetched now; nothing when the work is over. Cancellation: no job is lost, as
    /// a worker that was woken for one passes its turn on.
    asyncio::Coro<std::optional<Job>> next() {
        while (!closed_) {
            if (auto job = frontier_.pop()) co_return job;
            if (unfinished_ == 0) break;
            auto woken = asyncio::get_running_loop().create_future<void>();
            waiting_.push_back(woken);
            try {
                co_await woken;
            } catch (const asyncio::CancelledError&) {
                if (!woken.cancelled()) wake(1);  // it was chosen: another one takes its turn
                throw;
            }
        }
        close();
        co_return std::nullopt;
    }

    /// The job is done with.
    void finished(const Job& job) {
        frontier_.finished(job);
        --unfinished_;
        wake(unfinished_ == 0 ? waiting_.size() : 1);
    }

    /// The job will be tried again: its place is free for others until comes_back().
    void set_aside(const Job& job) {
        frontier_.finished(job);
        wake(1);
    }
    void comes_back(Job job) { enter(std::move(job)); }

    /// No more jobs are given out.
    void close() {
        closed_ = true;
        wake(waiting_.size());
    }

    void limit_host(const std::string& host, std::size_t limit) { frontier_.limit_host(host, limit); }

    /// Jobs that are queued, under way, or set aside.
    std::size_t unfinished() const { return unfinished_; }
    std::size_t in_flight() const { return frontier_.in_flight(); }
    /// Those not under way.
    std::size_t queued() const { return unfinished_ - in_flight(); }

private:
    void enter(Job job) {
        frontier_.push(std::move(job));
        wake(1);
    }

    void wake(std::size_t workers) {
        while (workers > 0 && !waiting_.empty()) {
            auto worker = std::move(waiting_.front());
            waiting_.pop_front();
            if (worker.done()) continue;  // it was cancelled while it waited
            worker.set_result();
            --workers;
        }
    }

    Frontier frontier_;
    std::size_t unfinished_ = 0;
    bool closed_ = false;
    std::deque<asyncio::Future<void>> waiting_;
};

}  // namespace crawler
