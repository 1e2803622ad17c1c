#pragma once

#include <cstddef>

namespace asyncio::detail {

/// One place in an IntrusiveList. Leaves its list when destroyed, so a waiter that dies with its coroutine frame never
/// leaves a dangling node behind.
class ListHook {
public:
    ListHook() noexcept = default;
    ListHook(const ListHook&) = delete;
    ListHook& operator=(const ListHook&) = delete;
    ~ListHook() { unlink(); }

    [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

    /// Leaves the list; does nothing when in none.
    void unlink() noexcept {
        if (next_ == nullptr) return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        next_ = prev_ = nullptr;
    }

private:
    template <class>
    friend class IntrusiveList;
    ListHook* prev_ = nullptr;
    ListHook* next_ = nullptr;
};

/// A doubly linked list of objects that derive from ListHook. Owns nothing, allocates nothing; every operation is O(1)
/// except where it visits.
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
    void insert(T* place, T& element) noexcept { insert_before(place == nullptr ? head_ : *place, element); }

    [[nodiscard]] T* front() const noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }
    [[nodiscard]] T* back() const noexcept { return empty() ? nullptr : static_cast<T*>(head_.prev_); }

    /// The element after `element`, or nullptr at the end.
    [[nodiscard]] T* next(const T& element) const noexcept {
        ListHook* hook = static_cast<const ListHook&>(element).next_;
        return hook == &head_ ? nullptr : static_cast<T*>(hook);
    }

    /// Removes and returns the first element; nullptr when empty.
    T* pop_front() noexcept {
        T* element = front();
        if (element != nullptr) static_cast<ListHook*>(element)->unlink();
        return element;
    }

    /// Moves all elements of `other` behind the own ones.
    void splice_back(IntrusiveList& other) noexcept {
        if (other.empty()) return;
        ListHook* first = other.head_.next_;
        ListHook* last = other.head_.prev_;
        other.head_.next_ = other.head_.prev_ = &other.head_;
        first->prev_ = head_.prev_;
        head_.prev_->next_ = first;
        last->next_ = &head_;
        head_.prev_ = last;
    }

private:
    static void insert_before(ListHook& place, ListHook& hook) noexcept {
        hook.next_ = &place;
        hook.prev_ = place.prev_;
        place.prev_->next_ = &hook;
        place.prev_ = &hook;
    }

    // The destructor of ListHook would unlink the sentinel from itself, which is harmless.
    ListHook head_;
};

}  // namespace asyncio::detail
