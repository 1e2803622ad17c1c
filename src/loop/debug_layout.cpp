#include <asyncio/loop/debug_layout.hpp>

#include <asyncio/loop/loop_core.hpp>

#include <cstddef>

namespace asyncio::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
[[gnu::section(".asyncio_debug"), gnu::used]] constinit DebugLayout debug_layout{
    DebugLayout::magic_number,
    DebugLayout::current_version,
    offsetof(LoopCore, tasks),
    offsetof(LoopCore, thread_id),
    nullptr,
    nullptr,
};
#pragma GCC diagnostic pop

LoopPlace& take_place(LoopCore& loop) {
    for (LoopPlace* place = debug_layout.places.load(memory_acquire); place != nullptr; place = place->next) {
        LoopCore* free = nullptr;
        if (place->loop.compare_exchange_strong(free, &loop, memory_acq_rel)) return *place;
    }
    auto* const place = new LoopPlace{&loop, debug_layout.places.load(memory_relaxed)};
    while (!debug_layout.places.compare_exchange_weak(place->next, place, memory_acq_rel)) {
    }
    return *place;
}

void empty_places() noexcept {
    for (LoopPlace* place = debug_layout.places.load(memory_acquire); place != nullptr; place = place->next)
        place->loop.store(nullptr, memory_relaxed);
}

}  // namespace asyncio::detail
