#include <asyncio/queue/topics.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/queue/errors.hpp>

#include <functional>
#include <map>
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

struct MailboxCore::Publisher : ListHook {
    explicit Publisher(std::uint64_t message) noexcept : number(message) {}
    std::uint64_t number;
    Event room;
};

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
    while (auto* const first = static_cast<Publisher*>(publishers_.front())) {
        if (!has_come_near(first->number)) return;
        first->unlink();
        first->room.set();
    }
}

/// Most come in the order of their messages; who had to wait for another subscriber before does not.
void MailboxCore::add(Publisher& publisher) {
    const auto comes_before = [&](ListHook* other) {
        return publisher.number < static_cast<Publisher*>(other)->number;
    };
    ListHook* next = nullptr;
    if (!publishers_.empty() && comes_before(publishers_.back())) {
        next = publishers_.front();
        while (!comes_before(next)) next = publishers_.next(*next);
    }
    publishers_.insert(next, publisher);
}

Coro<void> MailboxCore::wait_for(std::shared_ptr<MailboxCore> box, std::uint64_t number) {
    if (box->has_come_near(number)) co_return;
    Publisher self(number);
    box->add(self);
    co_await self.room.wait();
}

struct AwaitedMailboxes::Box {
    std::shared_ptr<MailboxCore> box;
    std::uint64_t number;
};

struct AwaitedMailboxes::Boxes {
    std::vector<Box> all;
};

AwaitedMailboxes::AwaitedMailboxes() noexcept = default;
AwaitedMailboxes::~AwaitedMailboxes() = default;

void AwaitedMailboxes::add(MailboxCore& box) {
    if (boxes_ == nullptr) boxes_ = make_owner<Boxes>();
    boxes_->all.push_back({box.shared_from_this(), box.newest()});
}

std::size_t AwaitedMailboxes::size() const noexcept {
    return boxes_ == nullptr ? 0 : boxes_->all.size();
}

Coro<void> AwaitedMailboxes::wait(std::size_t index) const {
    const Box& box = boxes_->all[index];
    return MailboxCore::wait_for(box.box, box.number);
}

void throw_moved_subscription() {
    throw RuntimeError("this Subscription has been moved from");
}

struct Topics::Maps {
    using Map = std::map<std::string, Boxes, std::less<>>;

    static const Boxes* find(const Map& map, std::string_view key) {
        const auto found = map.find(key);
        return found == map.end() ? nullptr : &found->second;
    }

    Map exact;
    Map below;
};

Topics::Topics() : maps_(make_owner<Maps>()) {}
Topics::~Topics() = default;

auto Topics::with_topic(std::string_view topic) const -> const Boxes* {
    return Maps::find(maps_->exact, topic);
}

auto Topics::below(std::string_view prefix) const -> const Boxes* {
    return Maps::find(maps_->below, prefix);
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
    (prefix ? maps_->below : maps_->exact)[key].push_back(box);
}

void Topics::remove(MailboxCore& box) noexcept {
    box.unlink();
    std::string_view key = box.pattern();
    const bool prefix = is_prefix(key);
    if (prefix) key.remove_suffix(1);
    Maps::Map& map = prefix ? maps_->below : maps_->exact;
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
    for (Maps::Map* map : {&maps_->exact, &maps_->below}) {
        Maps::Map boxes = std::exchange(*map, {});
        for (auto& [key, all] : boxes)
            while (MailboxCore* const box = all.pop_front()) box->close(false);
    }
}

}  // namespace asyncio::detail
