#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/sync/event.hpp>
#include <asyncio/task/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncio {

/// What happens to a message for a subscriber whose queue is full.
enum class SlowSubscriber : std::uint8_t {
    wait,         ///< it is stored, and the publisher waits until there is room
    drop_oldest,  ///< it takes the place of the oldest one that was not taken yet
    drop_newest,  ///< it is dropped
    disconnect,   ///< the subscriber gets what it has, and no more
};

/// Keyword arguments of Broadcast::subscribe.
struct SubscribeOptions {
    std::ptrdiff_t maxsize = 16;  ///< how many messages may wait to be taken; not positive: without limit
    SlowSubscriber when_full = SlowSubscriber::wait;  ///< what happens when no more may wait
};
static_assert(detail::trivially_destructible<SubscribeOptions>);

namespace detail {

/// A subscriber's queue without its messages: how full it is, and who waits for that to change.
class MailboxCore : public std::enable_shared_from_this<MailboxCore>, public ListHook {
public:
    MailboxCore(std::string pattern, SubscribeOptions options) noexcept
        : pattern_(std::move(pattern)),
          options_(options) {}
    MailboxCore(const MailboxCore&) = delete;
    MailboxCore& operator=(const MailboxCore&) = delete;
    virtual ~MailboxCore() = default;

    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] bool disconnected() const noexcept { return disconnected_; }
    [[nodiscard]] virtual std::size_t size() const noexcept = 0;

    [[nodiscard]] bool full() const noexcept {
        return options_.maxsize > 0 && size() >= static_cast<std::size_t>(options_.maxsize);
    }
    [[nodiscard]] bool would_wait() const noexcept { return options_.when_full == SlowSubscriber::wait && full(); }
    /// Whether the publisher of the newest message has to wait.
    [[nodiscard]] bool behind() const noexcept { return !has_come_near(stored_); }
    /// Returns when the message that was stored as number `number` is among the next ones, or the subscriber has left.
    static Coro<void> wait_for(std::shared_ptr<MailboxCore> box, std::uint64_t number);
    [[nodiscard]] std::uint64_t newest() const noexcept { return stored_; }

    /// No more messages; `drop`: none of those that are inside either. Lets publishers go on.
    void close(bool drop);

protected:
    [[nodiscard]] bool drops_oldest() const noexcept { return options_.when_full == SlowSubscriber::drop_oldest; }
    /// A message for a full subscriber that does not drop its oldest: whether the subscriber goes without it.
    [[nodiscard]] bool refuse();
    void oldest_dropped() noexcept {
        ++left_;
        ++dropped_;
    }
    void taken();

    std::uint64_t stored_ = 0;  // so far

private:
    struct Publisher;
    void add(Publisher& publisher);
    void let_publishers_go();
    virtual void shut_down(bool immediate) = 0;
    [[nodiscard]] bool has_come_near(std::uint64_t number) const noexcept {
        return closed_ || options_.maxsize <= 0 || number <= left_ + static_cast<std::uint64_t>(options_.maxsize);
    }

    std::string pattern_;
    SubscribeOptions options_;
    std::uint64_t left_ = 0;  // taken, or dropped after they were stored
    std::uint64_t dropped_ = 0;
    bool disconnected_ = false;
    bool closed_ = false;
    IntrusiveList<ListHook> publishers_;  // that wait, by the number of their message
};

/// Mailboxes that the publisher of their newest message waits for.
class AwaitedMailboxes {
public:
    AwaitedMailboxes() noexcept;
    ~AwaitedMailboxes();
    AwaitedMailboxes(const AwaitedMailboxes&) = delete;
    AwaitedMailboxes& operator=(const AwaitedMailboxes&) = delete;

    void add(MailboxCore& box);
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] Coro<void> wait(std::size_t index) const;

private:
    struct Box;
    struct Boxes;
    Owner<Boxes> boxes_;  // none before the first
};

[[noreturn]] void throw_moved_subscription();

/// Who has subscribed to what.
class Topics {
public:
    Topics();
    Topics(const Topics&) = delete;
    Topics& operator=(const Topics&) = delete;
    ~Topics();

    /// Until it is removed or destroyed.
    void add(MailboxCore& box);
    void remove(MailboxCore& box) noexcept;
    /// Those that were disconnected by a message of this topic.
    void remove_disconnected(std::string_view topic);
    void shutdown();
    void require_open() const;

    /// Calls `function` for each mailbox that a message of the topic is for; it must not add or remove any.
    template <class F>
    void visit(std::string_view topic, F&& function) const {
        require_topic(topic);
        visit_in(with_topic(topic), function);
        for (std::size_t end = topic.rfind('.'); end != std::string_view::npos;
             end = end == 0 ? std::string_view::npos : topic.rfind('.', end - 1))
            visit_in(below(topic.substr(0, end + 1)), function);
        visit_in(below({}), function);
    }

private:
    using Boxes = IntrusiveList<MailboxCore>;
    struct Maps;

    static void require_topic(std::string_view topic);
    /// nullptr: nobody.
    [[nodiscard]] const Boxes* with_topic(std::string_view topic) const;
    /// By what the pattern has before its `*`.
    [[nodiscard]] const Boxes* below(std::string_view prefix) const;
    template <class F>
    static void visit_in(const Boxes* boxes, F& function) {
        if (boxes == nullptr) return;
        for (MailboxCore* box = boxes->front(); box != nullptr; box = boxes->next(*box)) function(*box);
    }

    Owner<Maps> maps_;
    bool shut_down_ = false;
};

}  // namespace detail
}  // namespace asyncio
