#pragma once

namespace asyncio::detail {

class Delivery;
class LoopCore;

/// Where answers to jobs of a loop come from when no thread of this process makes them. Loop's thread only.
class AnswerSource {
public:
    AnswerSource() noexcept = default;
    AnswerSource(const AnswerSource&) = delete;
    AnswerSource& operator=(const AnswerSource&) = delete;

    /// Brings the loop's answers that are there. True: to look on would be in vain.
    [[nodiscard]] virtual bool fetch(LoopCore& loop) noexcept = 0;
    /// After calls of `fetch`, and after the loop has sent a job: it looks no more.
    virtual void stop_fetching(LoopCore& loop) noexcept = 0;
    /// A job's future was cancelled: it need not be begun.
    virtual void withdraw(const Delivery& job) noexcept = 0;
    /// The loop fetches and withdraws no more, until it brings another job.
    virtual void leave_alone(LoopCore& loop) noexcept = 0;

protected:
    ~AnswerSource() = default;
};

}  // namespace asyncio::detail
