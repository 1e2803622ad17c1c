#pragma once

#include <asyncio/base/light_traits.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

template <class T>
struct DefaultDelete {
    void operator()(T* object) const noexcept {
        static_assert(sizeof(T) > 0);
        delete object;
    }
};
template <class T>
struct DefaultDelete<T[]> {
    void operator()(T* objects) const noexcept {
        static_assert(sizeof(T) > 0);
        delete[] objects;
    }
};

/// What std::unique_ptr is, for members that users do not see: GCC needs 1.7 MB and 20 ms for each type of that, a
/// thirtieth for this.
template <class T, class Delete = DefaultDelete<T>>
class Owner {
public:
    using Object = std::remove_extent_t<T>;

    Owner() noexcept = default;
    explicit Owner(Object* object) noexcept : object_(object) {}
    Owner(Owner&& other) noexcept : object_(other.release()) {}
    template <class Derived>
        requires std::is_base_of_v<T, Derived>
    Owner(Owner<Derived>&& other) noexcept : object_(other.release()) {}
    Owner& operator=(Owner&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~Owner() { reset(); }

    [[nodiscard]] Object* get() const noexcept { return object_; }
    [[nodiscard]] Object* release() noexcept { return exchanged(object_, nullptr); }
    void reset(Object* object = nullptr) noexcept {
        if (Object* const old = exchanged(object_, object)) Delete()(old);
    }

    [[nodiscard]] Object& operator*() const noexcept { return *object_; }
    [[nodiscard]] Object* operator->() const noexcept { return object_; }
    [[nodiscard]] Object& operator[](std::size_t index) const noexcept { return object_[index]; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    friend bool operator==(const Owner& owner, std::nullptr_t) noexcept { return owner.object_ == nullptr; }

private:
    Object* object_ = nullptr;
};

template <class T, class... Args>
[[nodiscard]] Owner<T> make_owner(Args&&... args) {
    return Owner<T>(new T(std::forward<Args>(args)...));
}

}  // namespace asyncio::detail
