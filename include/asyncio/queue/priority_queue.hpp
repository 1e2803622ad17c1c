#pragma once

#include <asyncio/base/standard/functional.hpp>
#include <asyncio/queue/queue.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

/// In which order a PriorityQueue gives items of equal priority.
enum class Ties : bool {
    any,   ///< none in particular
    fifo,  ///< as they were put; costs eight bytes an item
};

namespace detail {

/// A binary heap, the smallest item first. All comparisons are made before anything is moved, so that one that throws
/// changes nothing.
template <class T, class Compare, Ties ties>
class Heap {
public:
    using value_type = T;

    Heap() = default;
    explicit Heap(Compare compare) : compare_(std::move(compare)) {}

    template <class U>
    void push(U&& item) {
        std::size_t hole = entries_.size();
        while (hole > 0 && compare_(item, entries_[parent(hole)].item)) hole = parent(hole);
        std::size_t place = entries_.size();
        entries_.emplace_back(std::forward<U>(item), ++pushed_);
        if (hole == place) return;
        Entry entry = std::move(entries_.back());
        for (; place > hole; place = parent(place)) entries_[place] = std::move(entries_[parent(place)]);
        entries_[hole] = std::move(entry);
    }

    /// Precondition: not empty.
    T take() {
        const std::size_t target = place_of_last();
        T item = std::move(entries_.front().item);
        // Those on the way from the root to the target move up by one. The bits of the target's number are the way.
        Entry* const heap = entries_.data();
        std::size_t hole = 0;
        for (int level = std::bit_width(target + 1) - 1; level-- > 0;) {
            const std::size_t child = ((target + 1) >> level) - 1;
            heap[hole] = std::move(heap[child]);
            hole = child;
        }
        if (entries_.size() > 1) entries_[hole] = std::move(entries_.back());
        entries_.pop_back();
        return item;
    }
    void clear() noexcept { entries_.clear(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] const T& at(std::size_t place) const noexcept { return entries_[place].item; }

private:
    struct Plain {
        template <class U>
        Plain(U&& from, std::uint64_t) : item(std::forward<U>(from)) {}
        T item;
    };
    struct Numbered {
        template <class U>
        Numbered(U&& from, std::uint64_t count) : item(std::forward<U>(from)),
                                                  number(count) {}
        T item;
        std::uint64_t number;
    };
    using Entry = std::conditional_t<ties == Ties::fifo, Numbered, Plain>;

    static std::size_t parent(std::size_t place) noexcept { return (place - 1) / 2; }

    bool less(const Entry& a, const Entry& b) {
        if constexpr (ties == Ties::any) {
            return compare_(a.item, b.item);
        } else {
            if (compare_(a.item, b.item)) return true;
            return a.number < b.number && !compare_(b.item, a.item);
        }
    }

    /// Where the last entry goes when the first has left: down to a leaf by the smaller children, and up again as far
    /// as it has to. It mostly stays near the leaf, so this takes fewer comparisons than to look for the place from
    /// above.
    std::size_t place_of_last() {
        const Entry* const heap = entries_.data();
        const std::size_t size = entries_.size() - 1;
        std::size_t place = 0;
        while (2 * place + 2 < size) {
            const std::size_t left = 2 * place + 1;
            // A heap of any size is waited for line by line: those after next are fetched meanwhile.
            __builtin_prefetch(heap + (4 * left + 3 < size ? 4 * left + 3 : size));
            // No branch: which child is smaller, nobody can foretell.
            place = left + static_cast<std::size_t>(less(heap[left + 1], heap[left]));
        }
        if (2 * place + 1 < size) place = 2 * place + 1;
        while (place > 0 && less(heap[size], heap[place])) place = parent(place);
        return place;
    }

    std::vector<Entry> entries_;
    std::uint64_t pushed_ = 0;
    [[no_unique_address]] Compare compare_{};
};

template <class T, class Compare, Ties ties>
inline constexpr const char* queue_name<Heap<T, Compare, ties>> = "PriorityQueue";

/// std::less claims to compare everything.
template <class Compare, class T>
concept Orders = std::predicate<Compare&, const T&, const T&> &&
                 (!std::same_as<Compare, std::less<T>> || requires(const T& a, const T& b) { a < b; });

}  // namespace detail

/// A Queue that gives the smallest item first: the one that `Compare` puts before all others.
///
///     asyncio::PriorityQueue<std::pair<int, std::string>> queue;                     // lowest number first
///     asyncio::PriorityQueue<Job, std::greater<>, asyncio::Ties::fifo> by_urgency;   // equals in the order of put
///
/// Each put and get takes O(log n) comparisons. A comparison that throws leaves `put_nowait`, `put`, `get_nowait` and
/// `get` and changes nothing, as long as moving an item does not throw.
/// Mirrors asyncio.PriorityQueue.
template <class T, class Compare = std::less<T>, Ties ties = Ties::any>
    requires detail::Orders<Compare, T>
class PriorityQueue : public Queue<T, detail::Heap<T, Compare, ties>> {
    using Base = Queue<T, detail::Heap<T, Compare, ties>>;

public:
    using Base::Base;
    /// With a comparison that has a state of its own.
    PriorityQueue(std::ptrdiff_t maxsize, Compare compare) : Base(maxsize, std::in_place, std::move(compare)) {}
};

}  // namespace asyncio
