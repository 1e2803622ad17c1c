#pragma once

#include <asyncio/queue/queue.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

/// Last in, first out.
template <class T>
class Stack {
public:
    using value_type = T;

    template <class U>
    void push(U&& item) {
        items_.push_back(std::forward<U>(item));
    }
    T take() {
        T item = std::move(items_.back());
        items_.pop_back();
        return item;
    }
    void clear() noexcept { items_.clear(); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] const T& at(std::size_t place) const noexcept { return items_[place]; }

private:
    std::vector<T> items_;
};

template <class T>
inline constexpr const char* queue_name<Stack<T>> = "LifoQueue";

}  // namespace detail

/// A Queue that gives the item that was stored last. Mirrors asyncio.LifoQueue.
template <class T>
using LifoQueue = Queue<T, detail::Stack<T>>;

}  // namespace asyncio
