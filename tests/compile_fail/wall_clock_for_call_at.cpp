// gcc: no matching function for call to .asyncio::EventLoop::call_at\(std::chrono::_V2::system_clock::time_point
// clang: no matching member function for call to .call_at

#include <asyncio/loop/event_loop.hpp>

void use(asyncio::EventLoop& loop) {
#ifdef MISTAKE
    loop.call_at(std::chrono::system_clock::now(), [] {});
#else
    loop.call_at(loop.time(), [] {});
#endif
}
