#pragma once

namespace support {

/// Counts objects that are alive, to show that frames and closures are destroyed, and destroyed once:
///
///     Lives lives;
///     auto body = [life = lives.one()]() -> asyncio::Coro<> { … };
///     EXPECT_EQ(lives.now(), 0);  // at the end; negative: destroyed twice
class Lives {
public:
    class One {
    public:
        explicit One(int& count) : count_(&count) { ++*count_; }
        One(const One& other) : One(*other.count_) {}
        One& operator=(const One&) = delete;
        ~One() { --*count_; }

    private:
        int* count_;
    };

    [[nodiscard]] One one() { return One(count_); }
    [[nodiscard]] int now() const { return count_; }

private:
    int count_ = 0;
};

}  // namespace support
