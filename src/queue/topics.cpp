#include <asyncio/queue/topics.hpp>

#include <asyncio/queue/errors.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace asyncio::detail {

bool MailboxCore::make_room() {
    switch (options_.when_full) {
        case SlowSubscriber::wait:
            return true;
        case SlowSubscriber::drop_oldest:
            drop_oldest();
            ++left_;
            ++dropped_;
            return true;
        case SlowSubscriber::drop_newest:
            ++dropped_;
            return false;
        case SlowSubscriber::disconnect:
            ++dropped_;
            disconnected_ = true;
            close(false);
            return false;
    }
    return false;
}

void MailboxCore::taken() {
    ++left_;
    room_.set();
    room_.clear();
}

void MailboxCore::close(bool drop) {
    closed_ = true;
    shut_down(drop);
    room_.set();
}

Coro<void> MailboxCore::wait_for(std::shared_ptr<MailboxCore> box, std::uint64_t number) {
    while (!box->has_come_near(number)) co_await box->room_.wait();
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

void Topics::add(std::shared_ptr<MailboxCore> box) {
    require_open();
    const std::string& pattern = box->pattern();
    const bool prefix = is_prefix(pattern);
    const std::string key = prefix ? pattern.substr(0, pattern.size() - 1) : pattern;
    if (key.find('*') != std::string::npos)
        throw std::invalid_argument("Broadcast: a pattern has a * at its end only, after a dot: " + pattern);
    (prefix ? below_ : exact_)[key].push_back(std::move(box));
}

void Topics::remove(const MailboxCore& box) noexcept {
    std::string_view key = box.pattern();
    const bool prefix = is_prefix(key);
    if (prefix) key.remove_suffix(1);
    Map& map = prefix ? below_ : exact_;
    const auto found = map.find(key);
    if (found == map.end()) return;
    std::erase_if(found->second, [&box](const auto& other) { return other.get() == &box; });
    if (found->second.empty()) map.erase(found);
}

void Topics::remove_disconnected(std::string_view topic) {
    Boxes gone;
    visit(topic, [&gone](MailboxCore& box) {
        if (box.disconnected()) gone.push_back(box.shared_from_this());
    });
    for (const auto& box : gone) remove(*box);
}

void Topics::shutdown() {
    shut_down_ = true;
    for (Map* map : {&exact_, &below_}) {
        const Map boxes = std::exchange(*map, {});
        for (const auto& [key, all] : boxes)
            for (const auto& box : all) box->close(false);
    }
}

}  // namespace asyncio::detail
