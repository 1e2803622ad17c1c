#pragma once

namespace asyncio::detail {

class LoopCore;

/// Where answers to jobs of a loop come from when no thread of this process makes them. Loop's thread only.
class AnswerSource {
public:
    AnswerSource() noexcept = default;
    AnswerSource(const AnswerSource&) = delete;
    AnswerSource& operator=(const AnswerSource&) = delete;

    /// Brings the loop's answers that are there. True: to look on would be in vain.
    [[nodiscard]] virtual bool fetch(LoopCore& loop) noexcept = 0;
    /// After calls of `fetch`: the loop looks no more.
    virtual void stop_fetching() noexcept = 0;

protected:
    ~AnswerSource() = default;
};

}  // namespace asyncio::detail
