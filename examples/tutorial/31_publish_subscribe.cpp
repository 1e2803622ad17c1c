// Publish and subscribe with one queue per subscriber: each sees its topics, in order, at its own pace. The library has
// a bigger one ready-made: Broadcast.

#include "say.hpp"

#include <map>
#include <vector>

class Hub {
public:
    using Inbox = asyncio::Queue<std::string>;

    void subscribe(const std::string& topic, Inbox& inbox) { subscribers_[topic].push_back(&inbox); }
    void publish(const std::string& topic, const std::string& message) {
        for (Inbox* inbox : subscribers_[topic]) inbox->put_nowait(topic + ": " + message);
    }

private:
    std::map<std::string, std::vector<Inbox*>> subscribers_;
};

Coro<> subscriber(std::string name, Hub::Inbox& inbox, std::chrono::milliseconds pace) {
    while (auto message = co_await inbox.next()) {  // nothing once it is shut down and empty
        co_await asyncio::sleep(pace);
        std::printf("%s got %s\n", name.c_str(), message->c_str());
    }
}

Coro<> amain() {
    Hub hub;
    Hub::Inbox sports, everything;
    hub.subscribe("sports", sports);
    hub.subscribe("sports", everything);
    hub.subscribe("weather", everything);
    std::vector tasks{asyncio::create_task(subscriber("Ann", sports, 10ms)),
                      asyncio::create_task(subscriber("Bob", everything, 25ms))};

    hub.publish("sports", "1:0");
    hub.publish("weather", "rain");
    hub.publish("sports", "1:1");
    hub.publish("news", "nobody hears this");
    sports.shutdown();
    everything.shutdown();
    co_await asyncio::wait(tasks);
}

int main() {
    asyncio::run(amain());
    return 0;
}
