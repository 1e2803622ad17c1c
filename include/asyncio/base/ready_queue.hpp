#pragma once

#include <asyncio/base/light_traits.hpp>

namespace asyncio::detail {

/// What happens to a node that leaves the ready queue.
enum class Turn : bool {
    run,
    drop,  ///< the loop closes: give up what the queue held (a reference, say), run nothing, throw nothing
};

/// Something the loop can run once: a task's step, a handle, a timer that is due, a future's callback.
///
/// `run` may throw only KeyboardInterrupt and SystemExit, which leave the loop; every other exception belongs to the
/// node's owner.
struct ReadyNode {
    using Run = void (*)(ReadyNode& node, Turn turn);

    explicit ReadyNode(Run function) noexcept : run(function) {}
    /// For what sets `run` when it is about to be queued.
    ReadyNode() noexcept {}
    ReadyNode(const ReadyNode&) = delete;
    ReadyNode& operator=(const ReadyNode&) = delete;

    ReadyNode* next;  // meaningful in a queue only
    Run run;
};

class ReadyBatch;

/// The loop's intrusive FIFO of things to run. Singly linked: nothing leaves it except from the front (a cancelled
/// node stays and runs as a no-op), and a loop that closes drops every node before it destroys any frame.
class ReadyQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }

    void push(ReadyNode& node) noexcept {
        node.next = nullptr;
        if (head_ == nullptr) {
            head_ = &node;
        } else {
            tail_->next = &node;
        }
        tail_ = &node;
    }

    /// Precondition: not empty.
    ReadyNode& pop() noexcept {
        ReadyNode* node = head_;
        head_ = node->next;
        return *node;
    }

    /// Takes everything; afterwards this queue is empty.
    ReadyQueue take() noexcept {
        ReadyQueue all;
        all.head_ = exchanged(head_, nullptr);
        all.tail_ = tail_;
        return all;
    }

    /// The same, for whoever only runs it.
    ReadyBatch take_batch() noexcept;

    /// Puts what `earlier` holds in front of the own nodes.
    void prepend(ReadyQueue earlier) noexcept {
        if (earlier.empty()) return;
        if (head_ == nullptr) {
            tail_ = earlier.tail_;
        } else {
            earlier.tail_->next = head_;
        }
        head_ = earlier.head_;
    }
    /// The same; linear in what it holds.
    void prepend(ReadyBatch earlier) noexcept;

private:
    friend class ReadyBatch;
    ReadyNode* head_ = nullptr;
    ReadyNode* tail_ = nullptr;  // meaningful only while head_ is set
};

/// What has left the queue and runs now. It knows no end, which it would need only to go back: to take both, compilers
/// load 16 bytes at once, which has to wait for the two stores of the last push. For a loop with one node at a time
/// that was a third of an iteration.
class ReadyBatch {
public:
    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }

    /// Precondition: not empty.
    ReadyNode& pop() noexcept {
        ReadyNode* node = head_;
        head_ = node->next;
        return *node;
    }
    /// Takes everything; afterwards this batch is empty.
    ReadyBatch take() noexcept {
        ReadyBatch all;
        all.head_ = exchanged(head_, nullptr);
        return all;
    }
    void prepend(ReadyQueue earlier) noexcept {
        if (earlier.empty()) return;
        earlier.tail_->next = head_;
        head_ = earlier.head_;
    }

private:
    friend class ReadyQueue;
    ReadyNode* head_ = nullptr;
};

inline ReadyBatch ReadyQueue::take_batch() noexcept {
    ReadyBatch all;
    all.head_ = exchanged(head_, nullptr);
    return all;
}

inline void ReadyQueue::prepend(ReadyBatch earlier) noexcept {
    if (earlier.empty()) return;
    ReadyQueue all;
    all.head_ = all.tail_ = earlier.head_;
    while (all.tail_->next != nullptr) all.tail_ = all.tail_->next;
    prepend(all);
}

}  // namespace asyncio::detail
