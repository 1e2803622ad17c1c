#include <asyncio/queue/topics.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/queue/errors.hpp>

#include <stdexcept>
#include <utility>
#include <vector>

namespace asyncio::detail {

bool MailboxCore::refuse() {
    if (options_.when_full == SlowSubscriber::wait) return false;
    ++dropped_;
    if (options_.when_full == SlowSubscriber::disconnect) {
        disconnected_ = true;
        close(false);
    }
    return true;
}

void MailboxCore::taken() {
    ++left_;
    let_publishers_go();
}

void MailboxCore::close(bool drop) {
    closed_ = true;
    let_publishers_go();
    shut_down(drop);
}

/// Those whose messages have come near, and no others.
void MailboxCore::let_publishers_go() {
    while (!publishers_.empty() && has_come_near(publishers_.begin()->first)) {
        publishers_.begin()->second->set();
        publishers_.erase(publishers_.begin());
    }
}

Coro<void> MailboxCore::wait_for(std::shared_ptr<MailboxCore> box, std::uint64_t number) {
    if (box->has_come_near(number)) co_return;
    Event room;
    struct Place {
        MailboxCore& box;
        std::uint64_t number;
        ~Place() { box.publishers_.erase(number); }
    } const place{*box, number};
    box->publishers_.emplace(number, &room);
    co_await room.wait();
}

void throw_moved_subscription() {
    throw RuntimeError("this Subscription has been moved from");
}

void Topics::require_topic(std::string_view topic) {
    if (topic.find('*') != std::string_view::npos)
        throw std::invalid_argument("Broadcast: a topic has no *: " + std::string(topic));
}

void Topics::require_open() const {
    if (shut_down_) throw QueueShutDown();
}

/// Whether it ends in `.*`, or is `*`.
static bool is_prefix(std::string_view pattern) {
    return pattern == "*" || pattern.ends_with(".*");
}

void Topics::add(MailboxCore& box) {
    require_open();
    const std::string& pattern = box.pattern();
    const bool prefix = is_prefix(pattern);
    const std::string key = prefix ? pattern.substr(0, pattern.size() - 1) : pattern;
    if (key.find('*') != std::string::npos)
        throw std::invalid_argument("Broadcast: a pattern has a * at its end only, after a dot: " + pattern);
    (prefix ? below_ : exact_)[key].push_back(box);
}

void Topics::remove(MailboxCore& box) noexcept {
    box.unlink();
    std::string_view key = box.pattern();
    const bool prefix = is_prefix(key);
    if (prefix) key.remove_suffix(1);
    Map& map = prefix ? below_ : exact_;
    const auto found = map.find(key);
    if (found != map.end() && found->second.empty()) map.erase(found);
}

void Topics::remove_disconnected(std::string_view topic) {
    std::vector<MailboxCore*> gone;
    visit(topic, [&gone](MailboxCore& box) {
        if (box.disconnected()) gone.push_back(&box);
    });
    for (MailboxCore* const box : gone) remove(*box);
}

void Topics::shutdown() {
    shut_down_ = true;
    for (Map* map : {&exact_, &below_}) {
        Map boxes = std::exchange(*map, {});
        for (auto& [key, all] : boxes)
            while (MailboxCore* const box = all.pop_front()) box->close(false);
    }
}

}  // namespace asyncio::detail
