#pragma once

#include <asyncio/base/standard/memory.hpp>
#include <asyncio/queue/errors.hpp>
#include <asyncio/queue/queue.hpp>
#include <asyncio/queue/topics.hpp>
#include <asyncio/task/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asyncio {

template <class T>
class Broadcast;

/// What a subscriber gets.
template <class T>
struct Published {
    /// Made by Broadcast.
    Published(std::string to, T what) : topic(std::move(to)), item(std::move(what)) {}

    std::string topic;  ///< what it was published under
    T item;             ///< the message
};

namespace detail {

template <class T>
class Mailbox : public MailboxCore {
public:
    using MailboxCore::MailboxCore;

    /// Whether the subscriber gets it. One that falls out for it goes to `dropped`.
    bool deliver(const std::string& topic, const T& item, std::vector<Published<T>>& dropped) {
        const bool was_full = full();
        if (was_full && !drops_oldest() && refuse()) return false;
        Published<T> message(topic, item);  // before anything is dropped for it
        if (was_full && drops_oldest()) {
            dropped.reserve(dropped.size() + 1);
            dropped.push_back(queue_.get_nowait());
            oldest_dropped();
        }
        queue_.put_nowait(std::move(message));
        ++stored_;
        return true;
    }
    static Coro<std::optional<Published<T>>> next(std::shared_ptr<Mailbox> box) {
        auto message = co_await box->queue_.next();
        if (message) box->taken();
        co_return message;
    }
    std::optional<Published<T>> try_next() {
        auto message = queue_.try_get();
        if (message) taken();
        return message;
    }
    [[nodiscard]] std::size_t size() const noexcept override { return queue_.qsize(); }

private:
    void shut_down(bool immediate) override { queue_.shutdown({.immediate = immediate}); }

    Queue<Published<T>> queue_;  // the limit is the MailboxCore's business
};

}  // namespace detail

/// One subscriber's place in a Broadcast; ends when destroyed. Movable; a moved-from one can be assigned to and
/// destroyed, and all else but `unsubscribe()` throws RuntimeError.
template <class T>
class [[nodiscard("the subscription ends when this is destroyed")]] Subscription {
public:
    Subscription(Subscription&&) noexcept = default;
    /// Ends the subscription that was here.
    Subscription& operator=(Subscription&& other) noexcept {
        if (this == &other) return *this;
        unsubscribe();
        box_ = std::move(other.box_);
        topics_ = std::move(other.topics_);
        return *this;
    }
    ~Subscription() { unsubscribe(); }

    /// Takes the next message, waiting until there is one; the await gives nullopt when the broadcast was shut down or
    /// destroyed, or this subscriber disconnected, and nothing is left. Several tasks may wait, in the order of their
    /// coming. Cancellation: CancelledError, and no message is lost.
    [[nodiscard]] Coro<std::optional<Published<T>>> next() { return detail::Mailbox<T>::next(box()); }
    /// Takes the next message if there is one.
    [[nodiscard]] std::optional<Published<T>> try_next() { return box()->try_next(); }

    /// Ends the subscription: what was not taken is dropped, a `next()` that waits gives nullopt, a publisher that
    /// waits for this subscriber goes on. Does nothing the second time.
    void unsubscribe() {
        if (box_ == nullptr) return;
        if (auto topics = topics_.lock()) topics->remove(*box_);
        topics_.reset();
        const auto box = box_;  // a message may be the last to hold this subscription's owner
        box->close(true);
    }

    /// What it was subscribed to.
    [[nodiscard]] const std::string& pattern() const { return box()->pattern(); }
    /// How many messages are there to be taken.
    [[nodiscard]] std::size_t size() const { return box()->size(); }
    /// How many messages were dropped so far because this subscriber was too slow.
    [[nodiscard]] std::uint64_t dropped() const { return box()->dropped(); }
    /// Whether this subscriber was disconnected because it was too slow.
    [[nodiscard]] bool disconnected() const { return box()->disconnected(); }

private:
    friend class Broadcast<T>;

    Subscription(std::shared_ptr<detail::Mailbox<T>> box, std::weak_ptr<detail::Topics> topics) noexcept
        : box_(std::move(box)),
          topics_(std::move(topics)) {}

    [[nodiscard]] const std::shared_ptr<detail::Mailbox<T>>& box() const {
        if (box_ == nullptr) detail::throw_moved_subscription();
        return box_;
    }

    std::shared_ptr<detail::Mailbox<T>> box_;
    std::weak_ptr<detail::Topics> topics_;
};

/// Publish-subscribe: every subscriber of a topic gets each message once, in the order of publishing, from its
/// subscription to its end. One queue per subscriber: none of them holds up another.
///
///     asyncio::Broadcast<Price> prices;
///     auto subscription = prices.subscribe("fruit.*", {.maxsize = 100, .when_full =
///     asyncio::SlowSubscriber::drop_oldest}); co_await prices.publish("fruit.apple", price); while (auto message =
///     co_await subscription.next()) show(message->topic, message->item);
///
/// A topic is a text, of parts between dots; a pattern is a topic, `a.*` for all below `a`, or `*` for everything. Late
/// subscribers get nothing from before. T is copied for each subscriber: publish a shared_ptr to what is big.
///
/// Destroying it ends the subscriptions as `shutdown()` does. Construction needs no loop; subscriptions are bound to
/// the loop of the first task that waits for them. Thread safety: none, for the loop's own thread only. Python's
/// asyncio has none.
template <class T>
class Broadcast {
public:
    Broadcast() = default;
    Broadcast(const Broadcast&) = delete;
    Broadcast& operator=(const Broadcast&) = delete;
    ~Broadcast() { topics_->shutdown(); }

    /// Throws std::invalid_argument for a pattern with a `*` elsewhere, QueueShutDown after `shutdown()`.
    Subscription<T> subscribe(std::string pattern, SubscribeOptions options = {}) {
        auto box = std::make_shared<detail::Mailbox<T>>(std::move(pattern), options);
        topics_->add(*box);
        return Subscription<T>(std::move(box), topics_);
    }

    /// Gives the message to all subscribers of the topic, at once; then waits for those of SlowSubscriber::wait until
    /// the message is among the `maxsize` next ones that they take. The await gives how many got it. Does not give way
    /// when nobody is slow.
    ///
    /// Throws std::invalid_argument for a topic with a `*`, QueueShutDown after `shutdown()`, and what copying a T
    /// throws: those before have it then.
    /// Cancellation: CancelledError ends the wait only; the message has been published.
    [[nodiscard]] Coro<std::size_t> publish(std::string topic, T item) {
        detail::AwaitedMailboxes slow;
        const std::size_t count = deliver(topic, item, &slow);
        for (std::size_t i = 0; i < slow.size(); ++i)
            co_await slow.wait(i);  // not touching this object, which may go meanwhile
        co_return count;
    }
    /// The same without waiting. Throws QueueFull, and nobody gets it, when it would have to wait.
    std::size_t publish_nowait(const std::string& topic, const T& item) {
        topics_->visit(topic, [](detail::MailboxCore& box) {
            if (box.would_wait()) throw QueueFull();
        });
        return deliver(topic, item, nullptr);
    }

    /// No more messages: `publish` and `subscribe` throw QueueShutDown, subscriptions end when what they have is taken.
    /// Publishers that wait go on.
    void shutdown() { topics_->shutdown(); }

    /// How many subscribers a message of this topic would go to. Throws as `publish`.
    [[nodiscard]] std::size_t subscribers(const std::string& topic) const {
        std::size_t count = 0;
        topics_->visit(topic, [&count](detail::MailboxCore&) { ++count; });
        return count;
    }

private:
    std::size_t deliver(const std::string& topic, const T& item, detail::AwaitedMailboxes* slow) {
        topics_->require_open();
        std::size_t count = 0;
        bool lost_one = false;
        std::vector<Published<T>> dropped;  // destroyed at the end: what hangs on an item may hold a subscription
        topics_->visit(topic, [&](detail::MailboxCore& box) {
            // One of those disconnected may still be there, when the delivery before this one threw.
            if (!box.disconnected() && static_cast<detail::Mailbox<T>&>(box).deliver(topic, item, dropped)) {
                ++count;
                if (slow != nullptr && box.behind()) slow->add(box);
            }
            lost_one = lost_one || box.disconnected();
        });
        if (lost_one) topics_->remove_disconnected(topic);
        return count;
    }

    std::shared_ptr<detail::Topics> topics_ = std::make_shared<detail::Topics>();
};

}  // namespace asyncio
