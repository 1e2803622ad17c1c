#include "current_loops.hpp"

#include <asyncio/base/fork.hpp>

#include <algorithm>
#include <vector>

namespace asyncio::detail {

namespace {

struct Memory {
    std::uint64_t policy;
    CurrentLoop current;
};

struct Memories {
    std::vector<Memory> entries;  // hardly ever more than one
    std::uint32_t process = process_generation();

    ~Memories();
};

// Loops with static lifetime may be destroyed, and then forgotten, when the thread's objects are gone already.
constinit thread_local Memories* memories = nullptr;
constinit thread_local bool thread_ends = false;

Memories::~Memories() {
    memories = nullptr;
    thread_ends = true;
}

Memories& own_memories() {
    thread_local Memories own;
    memories = &own;
    return own;
}

Memory* find(std::uint64_t policy) noexcept {
    if (memories == nullptr || memories->process != process_generation()) return nullptr;
    const auto found = std::find_if(memories->entries.begin(), memories->entries.end(),
                                    [&](const Memory& memory) { return memory.policy == policy; });
    return found == memories->entries.end() ? nullptr : &*found;
}

}  // namespace

CurrentLoop current_loop_of(std::uint64_t policy) noexcept {
    const Memory* memory = find(policy);
    return memory == nullptr ? CurrentLoop{} : memory->current;
}

void set_current_loop_of(std::uint64_t policy, EventLoop* loop) {
    if (Memory* memory = find(policy)) {
        memory->current = {loop, true};
        return;
    }
    if (thread_ends) return;
    Memories& own = own_memories();
    if (own.process != process_generation()) {
        own.entries.clear();
        own.process = process_generation();
    }
    own.entries.push_back({policy, {loop, true}});
}

void forget_policy(std::uint64_t policy) noexcept {
    if (memories != nullptr) std::erase_if(memories->entries, [&](const Memory& m) { return m.policy == policy; });
}

void forget_loop(const EventLoop& loop) noexcept {
    if (memories == nullptr) return;
    for (Memory& memory : memories->entries) {
        if (memory.current.loop == &loop) memory.current.loop = nullptr;
    }
}

}  // namespace asyncio::detail
