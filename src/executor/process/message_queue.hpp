#pragma once

#include <asyncio/executor/remote_job.hpp>

#include <memory>
#include <utility>

namespace asyncio::detail {

/// Messages in the order in which they go to workers.
class MessageQueue {
public:
    MessageQueue() noexcept = default;
    MessageQueue(MessageQueue&& other) noexcept : first_(std::move(other.first_)), last_(other.last_) {}
    MessageQueue& operator=(MessageQueue&&) = delete;
    ~MessageQueue() {
        while (pop_front() != nullptr) {
        }
    }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    /// Precondition: not empty.
    [[nodiscard]] const RemoteMessage& front() const noexcept { return *first_; }
    void push_back(std::unique_ptr<RemoteMessage> message) noexcept {
        RemoteMessage* const added = message.get();
        if (empty()) {
            first_ = std::move(message);
        } else {
            last_->next.reset(message.release());
        }
        last_ = added;
    }
    void push_front(std::unique_ptr<RemoteMessage> message) noexcept {
        if (empty()) last_ = message.get();
        message->next.reset(first_.release());
        first_ = std::move(message);
    }
    /// nullptr when there is none.
    [[nodiscard]] std::unique_ptr<RemoteMessage> pop_front() noexcept {
        if (empty()) return nullptr;
        std::unique_ptr<RemoteMessage> message = std::move(first_);
        first_.reset(message->next.release());
        return message;
    }

private:
    std::unique_ptr<RemoteMessage> first_;
    RemoteMessage* last_ = nullptr;  // meaningful only while first_ is set
};

}  // namespace asyncio::detail
