#pragma once

#include <asyncio/base/light_traits.hpp>

#include <cstddef>
#include <utility>

namespace asyncio::detail {

/// Shares an object that counts its own references with `retain()` and `release()`. The counts are not atomic: an
/// object and all its pointers belong to one thread.
template <class T>
class IntrusivePtr {
public:
    IntrusivePtr() noexcept = default;
    IntrusivePtr(std::nullptr_t) noexcept {}

    /// Takes a further reference.
    explicit IntrusivePtr(T* object) noexcept : object_(object) {
        if (object_ != nullptr) object_->retain();
    }

    /// Takes over a reference that the caller already holds.
    static IntrusivePtr adopt(T* object) noexcept {
        IntrusivePtr pointer;
        pointer.object_ = object;
        return pointer;
    }

    IntrusivePtr(const IntrusivePtr& other) noexcept : IntrusivePtr(other.object_) {}
    IntrusivePtr(IntrusivePtr&& other) noexcept : object_(exchanged(other.object_, nullptr)) {}

    IntrusivePtr& operator=(IntrusivePtr other) noexcept {
        swap(other);
        return *this;
    }
    void swap(IntrusivePtr& other) noexcept { object_ = exchanged(other.object_, object_); }

    ~IntrusivePtr() {
        if (object_ != nullptr) object_->release();
    }

    [[nodiscard]] T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    friend bool operator==(const IntrusivePtr&, const IntrusivePtr&) noexcept = default;

    /// Gives the reference to the caller, who must release it.
    [[nodiscard]] T* detach() noexcept { return exchanged(object_, nullptr); }

private:
    T* object_ = nullptr;
};

}  // namespace asyncio::detail
