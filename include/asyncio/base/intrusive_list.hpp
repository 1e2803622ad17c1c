#pragma once

#include <cstddef>
#include <type_traits>

namespace asyncio::detail {

/// One place in an IntrusiveList, of what knows by other means whether it is in one: says nothing outside of a list,
/// and does nothing when it is destroyed.
class BareListHook {
public:
    BareListHook(const BareListHook&) = delete;
    BareListHook& operator=(const BareListHook&) = delete;

protected:
    BareListHook() noexcept {}
    BareListHook(BareListHook* prev, BareListHook* next) noexcept : prev_(prev), next_(next) {}
    ~BareListHook() = default;

    /// Precondition: in a list. Leaves it, but goes on saying that it is in it.
    void detach() noexcept {
        prev_->next_ = next_;
        next_->prev_ = prev_;
    }

    template <class>
    friend class IntrusiveList;
    BareListHook* prev_;
    BareListHook* next_;
};

/// One that leaves its list when destroyed, so that nothing is left behind dangling.
class ListHook : public BareListHook {
public:
    ListHook() noexcept : BareListHook(nullptr, nullptr) {}
    ~ListHook() { unlink(); }

    [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

    /// Leaves the list; does nothing when in none.
    void unlink() noexcept {
        if (next_ == nullptr) return;
        detach();
        next_ = prev_ = nullptr;
    }
};

/// A doubly linked list of objects that derive from ListHook or BareListHook. Owns nothing, allocates nothing; every
/// operation is O(1) except where it visits.
template <class T>
class IntrusiveList {
public:
    IntrusiveList() noexcept { head_.next_ = head_.prev_ = &head_; }
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;

    /// Elements still inside are unlinked; they outlive the list.
    ~IntrusiveList() {
        while (pop_front() != nullptr) {
        }
    }

    [[nodiscard]] bool empty() const noexcept { return head_.next_ == &head_; }

    void push_back(T& element) noexcept { insert_before(head_, element); }
    void push_front(T& element) noexcept { insert_before(*head_.next_, element); }

    /// In front of `place`; nullptr: at the end.
    void insert(T* place, T& element) noexcept {
        insert_before(place == nullptr ? static_cast<BareListHook&>(head_) : *place, element);
    }

    [[nodiscard]] T* front() const noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }
    [[nodiscard]] T* back() const noexcept { return empty() ? nullptr : static_cast<T*>(head_.prev_); }

    /// The element after `element`, or nullptr at the end.
    [[nodiscard]] T* next(const T& element) const noexcept {
        BareListHook* hook = static_cast<const BareListHook&>(element).next_;
        return hook == &head_ ? nullptr : static_cast<T*>(hook);
    }

    /// Removes and returns the first element; nullptr when empty.
    T* pop_front() noexcept {
        T* element = front();
        if (element != nullptr) remove(*element);
        return element;
    }

    /// Precondition: it is in this list, or in another of these.
    static void remove(T& element) noexcept {
        if constexpr (std::is_base_of_v<ListHook, T>) {
            static_cast<ListHook&>(element).unlink();
        } else {
            static_cast<BareListHook&>(element).detach();
        }
    }

    /// Moves all elements of `other` behind the own ones.
    void splice_back(IntrusiveList& other) noexcept {
        if (other.empty()) return;
        BareListHook* first = other.head_.next_;
        BareListHook* last = other.head_.prev_;
        other.head_.next_ = other.head_.prev_ = &other.head_;
        first->prev_ = head_.prev_;
        head_.prev_->next_ = first;
        last->next_ = &head_;
        head_.prev_ = last;
    }

private:
    static void insert_before(BareListHook& place, BareListHook& hook) noexcept {
        BareListHook* const last = place.prev_;
        hook.prev_ = last;
        last->next_ = &hook;
        hook.next_ = &place;  // not next to the other one: GCC would put both into one register, which takes longer
        place.prev_ = &hook;
    }

    struct Head : BareListHook {
    } head_;
};

}  // namespace asyncio::detail
