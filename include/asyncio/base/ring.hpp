#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/memory.hpp>

#include <cstddef>
#include <utility>

namespace asyncio::detail {

/// First in, first out, in one block of memory that doubles when it is full and is never given back before the end.
/// Strong guarantee: an operation that throws leaves everything as it was.
template <class T>
class Ring {
public:
    using value_type = T;

    Ring() noexcept = default;
    Ring(Ring&& other) noexcept
        : items_(exchanged(other.items_, nullptr)),
          capacity_(exchanged(other.capacity_, 0)),
          head_(exchanged(other.head_, 0)),
          size_(exchanged(other.size_, 0)) {}
    Ring& operator=(Ring&&) = delete;
    ~Ring() {
        clear();
        if (items_ != nullptr) std::allocator<T>().deallocate(items_, capacity_);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const T& at(std::size_t place) const noexcept { return items_[index(place)]; }

    template <class U>
    void push(U&& item) {
        if (size_ == capacity_) [[unlikely]]
            grow();
        std::construct_at(items_ + index(size_), std::forward<U>(item));
        ++size_;
    }
    /// Precondition: not empty.
    T take() {
        T item = std::move(items_[head_]);
        pop();
        return item;
    }
    void clear() noexcept {
        while (size_ > 0) pop();
    }

private:
    [[nodiscard]] std::size_t index(std::size_t place) const noexcept { return (head_ + place) & (capacity_ - 1); }

    void pop() noexcept {
        T* const item = items_ + head_;
        head_ = index(1);
        --size_;
        std::destroy_at(item);
    }

    [[gnu::noinline]] void grow() {
        const std::size_t capacity = capacity_ == 0 ? 8 : 2 * capacity_;
        T* items = std::allocator<T>().allocate(capacity);
        std::size_t made = 0;
        try {
            for (; made < size_; ++made) std::construct_at(items + made, std::move_if_noexcept(items_[index(made)]));
        } catch (...) {
            std::destroy_n(items, made);
            std::allocator<T>().deallocate(items, capacity);
            throw;
        }
        for (std::size_t i = 0; i < size_; ++i) std::destroy_at(items_ + index(i));
        if (items_ != nullptr) std::allocator<T>().deallocate(items_, capacity_);
        items_ = items;
        capacity_ = capacity;
        head_ = 0;
    }

    T* items_ = nullptr;
    std::size_t capacity_ = 0;  // 0 or a power of two
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace asyncio::detail
