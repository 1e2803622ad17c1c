#include "snapshot.hpp"

#include <asyncio/base/function_name.hpp>
#include <asyncio/loop/debug_layout.hpp>
#include <asyncio/task/task_layout.hpp>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

namespace inspect {

namespace {

/// Another process' text as a terminal may show it: in one line, without control sequences.
std::string printable(std::string text) {
    for (char& c : text)
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7f) c = '?';
    return text;
}

using asyncio::detail::AwaitEdge;
using asyncio::detail::DebugLayout;
using asyncio::detail::TaskLayout;

constexpr std::size_t most_loops = 10'000;
constexpr std::size_t most_tasks = 10'000'000;
constexpr std::size_t most_waiters = 1'000'000;
constexpr std::size_t most_frames = 1'000;
constexpr std::size_t most_edges = 100;
constexpr std::int32_t largest_object = 4096;

/// The plain data of another process, as bytes that are never treated as an object of ours.
template <class T>
struct Copy {
    alignas(T) std::byte bytes[sizeof(T)];
    const T* operator->() const noexcept { return reinterpret_cast<const T*>(bytes); }
};

template <class T>
Copy<T> copy(const Memory& memory, std::uint64_t address) {
    Copy<T> result;
    memory.read(address, result.bytes, sizeof(T));
    return result;
}

template <class Pointer>
std::uint64_t address_of(Pointer pointer) noexcept {
    return reinterpret_cast<std::uint64_t>(pointer);
}

class Reader {
public:
    Reader(const Memory& memory, bool lenient) : memory_(memory), lenient_(lenient) {}

    std::vector<Task> read() {
        const auto debug = copy<DebugLayout>(memory_, find_debug_layout(memory_));
        const std::uint64_t layout = address_of(debug->tasks);
        if (layout == 0) return {};
        layout_ = memory_.get<TaskLayout>(layout);
        if (layout_.task_size <= 0 || layout_.task_size > largest_object || layout_.promise_size <= 0 ||
            layout_.promise_size > largest_object)
            throw Torn("the layout of tasks is out of bounds");
        read_edges();
        std::uint64_t place = address_of(debug->places.load());
        for (std::size_t i = 0; place != 0 && i < most_loops; ++i) {
            const auto [loop, next] = memory_.get<Pair>(place);
            if (loop != 0) attempt([&] { read_loop(*debug.operator->(), loop); });
            place = next;
        }
        for (Task& task : tasks_) attempt([&] { task.awaited_by = awaiters_of(task.id); });
        return std::move(tasks_);
    }

private:
    struct Pair {
        std::uint64_t first, second;
    };

    /// When lenient, does without what cannot be read.
    template <class F>
    void attempt(F&& part) {
        try {
            part();
        } catch (const Torn&) {
            if (!lenient_) throw;
        }
    }

    void read_edges() {
        auto at = memory_.get<std::uint64_t>(address_of(layout_.edges));
        for (std::size_t i = 0; at != 0 && i < most_edges; ++i) {
            const auto edge = copy<AwaitEdge>(memory_, at);
            edges_.emplace(address_of(edge->fire), edge);
            at = address_of(edge->next);
        }
    }

    /// Visits an intrusive list, whose hooks hold the previous and the next one.
    template <class F>
    void visit(std::uint64_t head, std::size_t most, F&& element) {
        std::uint64_t previous = head;
        std::uint64_t hook = memory_.get<Pair>(head).second;
        for (std::size_t i = 0; hook != head; ++i) {
            const Pair links = memory_.get<Pair>(hook);
            if (links.first != previous || i == most) throw Torn("a list changes while it is read");
            attempt([&] { element(hook); });
            previous = hook;
            hook = links.second;
        }
    }

    void read_loop(const DebugLayout& debug, std::uint64_t loop) {
        const auto thread = memory_.get<std::int32_t>(loop + static_cast<std::uint64_t>(debug.loop_thread));
        visit(loop + static_cast<std::uint64_t>(debug.loop_tasks), most_tasks,
              [&](std::uint64_t hook) { read_task(hook - static_cast<std::uint64_t>(layout_.hook_in_task), thread); });
    }

    void read_task(std::uint64_t id, std::int32_t thread) {
        std::byte bytes[largest_object];
        memory_.read(id, bytes, static_cast<std::size_t>(layout_.task_size));
        const auto field = [&]<class T>(std::int32_t offset, T value) {
            if (offset < 0 || offset + static_cast<std::int32_t>(sizeof value) > layout_.task_size)
                throw Torn("a task is out of bounds");
            std::memcpy(&value, bytes + offset, sizeof value);
            return value;
        };
        Task task;
        task.id = id;
        task.thread = thread;
        task.name = printable(name_of(field(layout_.task_name, std::uint64_t{})));
        const std::uint64_t slot = id + field(layout_.future_slot, std::uint16_t{});
        std::uint64_t frame = field(layout_.task_leaf, std::uint64_t{});
        if (frame == 0) frame = memory_.get<std::uint64_t>(slot + static_cast<std::uint64_t>(layout_.slot_child));
        while (frame != 0 && task.stack.size() < most_frames) {
            task.stack.push_back(
                frame_at(memory_.get<std::uint64_t>(frame + static_cast<std::uint64_t>(layout_.promise_where))));
            frame = memory_.get<std::uint64_t>(frame + static_cast<std::uint64_t>(layout_.promise_caller));
        }
        hide_internal_frames(task.stack);
        if (!ids_.insert(id).second) throw Torn("a task is there twice");
        tasks_.push_back(std::move(task));
    }

    /// As in a call graph: the library's own say nothing, unless there are no others.
    static void hide_internal_frames(std::vector<Frame>& stack) {
        const auto internal = [](const Frame& frame) { return frame.internal; };
        if (!std::all_of(stack.begin(), stack.end(), internal)) std::erase_if(stack, internal);
    }

    std::string name_of(std::uint64_t name) const {
        if ((name & 1) != 0) return "Task-" + std::to_string(name / 2);
        if (name == 0) return {};
        return memory_.text(memory_.get<std::uint64_t>(name));  // std::string begins with the pointer to its text
    }

    Frame frame_at(std::uint64_t place) {
        const auto known = places_.find(place);
        if (known != places_.end()) return known->second;
        if (place == 0) return {"?", "?", 0};
        struct Place {
            std::uint64_t file, function;
            std::uint32_t line, column;
        };
        const auto found = memory_.get<Place>(place);
        const std::string function = memory_.text(found.function);
        Frame frame{asyncio::detail::public_function_name(function), memory_.text(found.file), found.line,
                    asyncio::detail::is_internal_function(function)};
        return places_.emplace(place, std::move(frame)).first->second;
    }

    /// The tasks that wait for a future; what is no task is gone through.
    std::vector<std::uint64_t> awaiters_of(std::uint64_t future) {
        std::vector<std::uint64_t> found;
        std::vector<std::uint64_t> between{future};
        std::unordered_set<std::uint64_t> seen;
        for (std::size_t i = 0; i < between.size(); ++i) {
            visit(between[i] + static_cast<std::uint64_t>(layout_.future_waiters), most_waiters,
                  [&](std::uint64_t node) {
                      const std::uint64_t awaiter = awaiter_of(node);
                      if (awaiter == 0 || !seen.insert(awaiter).second) return;
                      (ids_.contains(awaiter) ? found : between).push_back(awaiter);
                  });
        }
        return found;
    }

    std::uint64_t awaiter_of(std::uint64_t node) const {
        const auto fire = memory_.get<std::uint64_t>(node + static_cast<std::uint64_t>(layout_.node_fire));
        const auto edge = edges_.find(fire);
        if (edge == edges_.end()) return 0;
        const Copy<AwaitEdge>& way = edge->second;
        for (std::int32_t i = 0; i < std::min(way->steps, 2); ++i) {
            node =
                memory_.get<std::uint64_t>(node + static_cast<std::uint64_t>(static_cast<std::int64_t>(way->path[i])));
            if (node == 0) return 0;
        }
        return node + static_cast<std::uint64_t>(static_cast<std::int64_t>(way->adjust));
    }

    const Memory& memory_;
    bool lenient_;
    TaskLayout layout_{};
    std::unordered_map<std::uint64_t, Copy<AwaitEdge>> edges_;
    std::unordered_map<std::uint64_t, Frame> places_;
    std::unordered_set<std::uint64_t> ids_;
    std::vector<Task> tasks_;
};

}  // namespace

std::vector<Task> read_tasks(const Memory& memory, int retries) {
    for (int attempt = 0; attempt < retries; ++attempt) {
        try {
            return Reader(memory, false).read();
        } catch (const Torn&) {
            // Again: it has changed underneath.
        }
    }
    try {
        return Reader(memory, true).read();
    } catch (const Torn& torn) {
        throw Failure(torn.what());
    }
}

}  // namespace inspect
