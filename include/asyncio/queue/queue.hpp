#pragma once

#include <asyncio/base/refuse.hpp>
#include <asyncio/base/ring.hpp>
#include <asyncio/queue/queue_core.hpp>
#include <asyncio/task/closure.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace asyncio {

/// Where a queue keeps its items, which is their order: `push` stores one, `take` removes the next to leave and returns
/// it; when one of them throws, nothing has changed. `at` names all of them, in any order, for the text form.
///
///     template <class T> class Newest { … };
///     asyncio::Queue<Job, Newest<Job>> queue;
///
/// Mirrors the hooks `_init`, `_put` and `_get` of asyncio's queues.
template <class S>
concept QueueStorage = requires(S& storage, const S& constant, typename S::value_type item) {
    storage.push(std::move(item));
    { storage.take() } -> std::same_as<typename S::value_type>;
    storage.clear();
    { constant.size() } -> std::convertible_to<std::size_t>;
    { constant.at(std::size_t{}) } -> std::convertible_to<const typename S::value_type&>;
};

template <class T, QueueStorage Storage = detail::Ring<T>>
class Queue;

namespace detail {

/// GCC before 14 would destroy a temporary twice that is an argument of `co_await queue.put(…)`.
template <class T>
inline constexpr bool safe_temporary =
    temporaries_survive_co_await || std::is_trivially_destructible_v<T> || !std::is_aggregate_v<T>;

template <class Storage>
inline constexpr const char* queue_name = "Queue";

/// What Queue::get returns.
template <class T, class Storage>
class [[nodiscard("write co_await queue.get()")]] QueueGetAwaiter : public GetWaiter {
public:
    explicit QueueGetAwaiter(Queue<T, Storage>& queue) noexcept : GetWaiter(queue) {}
    QueueGetAwaiter(QueueGetAwaiter&& unstarted) noexcept : QueueGetAwaiter(unstarted.queue()) {}
    ASYNCIO_VALUE_ONLY_BY_CO_AWAIT(T)

    T await_resume() {
        return conclude([this] { return queue().take_checked(); });
    }

protected:
    [[nodiscard]] Queue<T, Storage>& queue() const noexcept { return static_cast<Queue<T, Storage>&>(*queue_); }
};

/// What Queue::next returns.
template <class T, class Storage>
class [[nodiscard("write co_await queue.next()")]] QueueNextAwaiter : public QueueGetAwaiter<T, Storage> {
public:
    using QueueGetAwaiter<T, Storage>::QueueGetAwaiter;
    ASYNCIO_TRUTH_ONLY_BY_CO_AWAIT

    std::optional<T> await_resume() {
        return this->conclude([this] { return this->queue().take_if_any(); });
    }
};

/// What Queue::put returns. Holds the item until there is room.
template <class T, class Storage>
class [[nodiscard("write co_await queue.put(…)")]] QueuePutAwaiter : public PutWaiter {
public:
    template <class... Args>
    explicit QueuePutAwaiter(Queue<T, Storage>& queue, std::in_place_t, Args&&... args)
        : PutWaiter(queue),
          item_(std::forward<Args>(args)...) {}
    QueuePutAwaiter(QueuePutAwaiter&& unstarted)
        : QueuePutAwaiter(unstarted.queue(), std::in_place, std::move(unstarted.item_)) {}

    [[gnu::always_inline]] void await_resume() {
        conclude([this] { queue().store(std::move(item_)); });
    }

private:
    [[nodiscard]] Queue<T, Storage>& queue() const noexcept { return static_cast<Queue<T, Storage>&>(*queue_); }

    T item_;
};

}  // namespace detail

/// Passes items between tasks, first in, first out; at most `maxsize` of them are inside at a time.
///
///     co_await queue.put(item);                          // waits while it is full
///     while (auto item = co_await queue.next()) { … }    // until it is shut down and empty
///
/// Waiting getters, and waiting putters, are woken in the order of their coming, but whoever runs before a woken one
/// has its turn may be faster; the woken one queues again then. Construction, and everything that does not wait, needs
/// no loop; the queue is bound to the loop of the first task that has to wait for it.
///
/// A `get` that is cancelled loses no item, a `put` that is cancelled stores none; its item is destroyed. Destroying
/// the queue while tasks wait wakes them with RuntimeError.
/// Thread safety: none, for the loop's own thread only; from another use `loop.call_soon_threadsafe`.
/// Mirrors asyncio.Queue (shutdown since 3.13). For another order see PriorityQueue, LifoQueue and QueueStorage.
template <class T, QueueStorage Storage>
class Queue : public detail::QueueCore {
public:
    using value_type = T;

    /// Not positive: without limit.
    explicit Queue(std::ptrdiff_t maxsize = 0) : QueueCore(maxsize) {}
    /// With a storage that is made from the arguments.
    template <class... Args>
    Queue(std::ptrdiff_t maxsize, std::in_place_t, Args&&... args)
        : QueueCore(maxsize),
          storage_(std::forward<Args>(args)...) {}

    /// Stores the item, waiting until there is room. Does not give way when there is.
    ///
    /// Throws QueueShutDown when the queue is or gets shut down; RuntimeError when it has to wait and no task runs,
    /// when the queue belongs to another loop, and when it is destroyed meanwhile. GCC before 14: for a type without a
    /// constructor, of which a temporary would be destroyed twice, use `emplace`.
    detail::QueuePutAwaiter<T, Storage> put(const T& item)
        requires std::copy_constructible<T>
    {
        return detail::QueuePutAwaiter<T, Storage>(*this, std::in_place, item);
    }
    /// The same; moves the item in.
    detail::QueuePutAwaiter<T, Storage> put(T&& item) {
        static_assert(detail::safe_temporary<T>,
                      "GCC before 14 destroys a temporary aggregate twice inside co_await: write co_await "
                      "queue.emplace(…) with its members, or queue.emplace(std::move(name)); or give it a constructor");
        return detail::QueuePutAwaiter<T, Storage>(*this, std::in_place, std::move(item));
    }
    /// The same with an item that is made from the arguments, at once.
    template <class... Args>
    detail::QueuePutAwaiter<T, Storage> emplace(Args&&... args) {
        return detail::QueuePutAwaiter<T, Storage>(*this, std::in_place, std::forward<Args>(args)...);
    }

    /// Stores the item if there is room. Throws QueueFull or QueueShutDown otherwise, and leaves the argument as it is.
    void put_nowait(const T& item)
        requires std::copy_constructible<T>
    {
        check_thread();
        store(item);
    }
    /// The same; moves the item in.
    void put_nowait(T&& item) {
        check_thread();
        store(std::move(item));
    }

    /// Takes the next item, waiting until there is one; the await gives it. Does not give way when there is.
    ///
    /// Throws QueueShutDown when the queue is empty and is or gets shut down; otherwise as `put`.
    detail::QueueGetAwaiter<T, Storage> get() noexcept { return detail::QueueGetAwaiter<T, Storage>(*this); }
    /// The same; the await gives nullopt when the queue is empty and shut down.
    detail::QueueNextAwaiter<T, Storage> next() noexcept { return detail::QueueNextAwaiter<T, Storage>(*this); }

    /// Takes the next item if there is one. Throws QueueEmpty or QueueShutDown otherwise.
    T get_nowait() {
        check_thread();
        return take_checked();
    }
    /// The same; nullopt when it is empty.
    std::optional<T> try_get() {
        check_thread();
        return take_if_any();
    }

    /// Waits until `task_done()` was called for every item that was put. Does not give way when it was.
    /// Cancellation: CancelledError, and nothing else changes.
    detail::JoinWaiter join() noexcept { return detail::JoinWaiter(*this); }

    /// Ends the queue: from now on `put` throws QueueShutDown, and `get` does when nothing is left; whoever waits finds
    /// out. With `{.immediate = true}` the items are dropped, each as if `task_done()` were called for it. May be
    /// called again.
    void shutdown(QueueShutdownOptions options = {}) {
        check_thread();
        shut_down(options.immediate);  // first: what the destructor of an item puts is refused
        if (options.immediate) storage_.clear();
    }

    /// `<Queue maxsize=2 _queue=[1, 2] _putters[1] tasks=2>`, parts only when there is something to say.
    [[nodiscard]] std::string repr() const { return format(detail::queue_name<Storage>, items()); }

private:
    friend class detail::QueueGetAwaiter<T, Storage>;
    friend class detail::QueueNextAwaiter<T, Storage>;
    friend class detail::QueuePutAwaiter<T, Storage>;

    // In the loop's thread:
    template <class U>
    void store(U&& item) {
        require_room();
        storage_.push(std::forward<U>(item));
        stored();
    }
    T take_checked() {
        require_item();
        return take();
    }
    std::optional<T> take_if_any() {
        if (empty()) return std::nullopt;
        return take();
    }
    T take() {
        T item = storage_.take();
        taken();
        return item;
    }
    [[nodiscard]] std::string items() const {
        std::string text;
        for (std::size_t i = 0; i < storage_.size(); ++i)
            text += (i == 0 ? "" : ", ") + detail::describe_value<T>(storage_.at(i));
        return text;
    }

    Storage storage_;
};

}  // namespace asyncio
