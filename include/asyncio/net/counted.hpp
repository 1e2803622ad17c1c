#pragma once

#include <cstdint>

namespace asyncio::detail {

/// An object that goes with the last reference to it (see IntrusivePtr). The count is not atomic.
class Counted {
public:
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

protected:
    Counted() noexcept = default;
    virtual ~Counted() = default;

private:
    std::uint32_t references_ = 0;
};

}  // namespace asyncio::detail
