// A C library that has a descriptor and wants to be called when something is there: add_reader, and a future.

#include <asyncio/asyncio.hpp>

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

// Stands for the library: a request goes out, and some time later its descriptor becomes readable.
class Sensor {
public:
    Sensor() {
        if (::pipe(ends_) != 0) asyncio::throw_os_error(errno, "create a pipe");
    }
    ~Sensor() {
        device_.join();
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    void request() {
        device_ = std::thread([this] {
            std::this_thread::sleep_for(20ms);
            if (::write(ends_[1], "20.5", 4) != 4) std::puts("the device is broken");
        });
    }
    [[nodiscard]] int descriptor() const { return ends_[0]; }
    [[nodiscard]] std::string value() const {
        char text[16] = {};
        return {text, static_cast<std::size_t>(::read(ends_[0], text, sizeof text))};
    }

private:
    int ends_[2] = {-1, -1};
    std::thread device_;
};

asyncio::Coro<std::string> read_sensor(Sensor& sensor) {
    auto& loop = asyncio::get_running_loop();
    auto answer = loop.create_future<std::string>();
    loop.add_reader(sensor.descriptor(), [&loop, &sensor, answer]() mutable {
        loop.remove_reader(sensor.descriptor());
        if (!answer.done()) answer.set_result(sensor.value());
    });
    sensor.request();
    co_return co_await answer;
}

asyncio::Coro<> amain() {
    Sensor sensor;
    auto [value, slept] = co_await asyncio::gather(read_sensor(sensor), asyncio::sleep(5ms, "the loop ran on"));
    std::printf("%s, %s\n", value.c_str(), slept);
}

int main() {
    asyncio::run(amain());
}
