#include <asyncio/base/creation_places.hpp>

#include "symbols.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace asyncio::detail {

constinit Atomic<int> debugging_loops{0};

namespace {

constexpr std::size_t frames_kept = 10;

struct Place {
    std::source_location where;
    std::array<void*, frames_kept> stack;
    std::size_t frames = 0;
};

/// Objects of one thread may be made or dropped in another one, and outlive their loop: so there is one table for all.
class Table {
public:
    bool keep(const void* object, const Place& place) noexcept {
        try {
            const std::lock_guard lock(mutex_);
            places_.insert_or_assign(object, place);
            return true;
        } catch (...) {
            return false;
        }
    }
    void drop(const void* object) noexcept {
        const std::lock_guard lock(mutex_);
        places_.erase(object);
    }
    void drop_all() noexcept {
        const std::lock_guard lock(mutex_);
        places_.clear();
    }
    [[nodiscard]] std::optional<Place> find(const void* object) {
        const std::lock_guard lock(mutex_);
        const auto place = places_.find(object);
        return place == places_.end() ? std::nullopt : std::optional(place->second);
    }

private:
    std::mutex mutex_;
    std::unordered_map<const void*, Place> places_;
};

/// Never destroyed: objects with static lifetime look themselves up on their way out.
Table& objects() {
    static Table* instance = new Table;
    return *instance;
}
Table& coroutines() {
    static Table* instance = new Table;
    return *instance;
}

/// The text in front of "base/…" in the names of this library's headers or sources.
std::string_view root_of(std::string_view file) {
    return file.substr(0, file.rfind("base/"));
}

/// Frames of the library itself and of the standard library say nothing about who made an object.
bool is_inside(const StackEntry& entry) {
    static constexpr std::string_view sources = __FILE__;
    static constexpr std::string_view headers = creation_places_header;
    if (!entry.file.empty())
        return entry.file.starts_with(root_of(sources)) || entry.file.starts_with(root_of(headers)) ||
               entry.file.find("/c++/") != std::string::npos;
    const std::string_view function = entry.function;
    return function.starts_with("asyncio::") || function.starts_with("std::") ||
           function.find(" asyncio::detail::") != std::string_view::npos ||
           function.find(" asyncio::EventLoop::") != std::string_view::npos;
}

std::string text_of(const StackEntry& entry) {
    if (!entry.file.empty()) return entry.file + ":" + std::to_string(entry.line);
    return entry.function;
}

/// "f" of "void ns::f(int)".
std::string plain_name(std::string_view function) {
    const std::size_t end = function.find('(');
    std::string_view name = function.substr(0, end);
    const std::size_t begin = name.rfind(' ');
    return std::string(begin == std::string_view::npos ? name : name.substr(begin + 1));
}

/// Who called the library, or `function` of its own.
std::string caller(const Place& place, std::string_view function) {
    for (const StackEntry& entry : resolve_stack({place.stack.data(), place.frames})) {
        if (entry.function.empty() && entry.file.empty()) continue;
        if (is_inside(entry) || (!function.empty() && plain_name(entry.function) == function)) continue;
        return text_of(entry);
    }
    return {};
}

}  // namespace

void count_debugging_loop(int change) noexcept {
    if (debugging_loops.fetch_add(change, memory_acq_rel) + change == 0) coroutines().drop_all();
}

bool keep_place(const void* object, const std::source_location& where) noexcept {
    Place place;
    place.where = where;
    if (where.line() == 0) place.frames = capture_stack(place.stack);
    return objects().keep(object, place);
}

void drop_place(const void* object) noexcept {
    objects().drop(object);
}

void keep_coroutine(const void* promise) noexcept {
    Place place;
    place.frames = capture_stack(place.stack);
    if (!coroutines().keep(promise, place)) coroutines().drop(promise);
}

void drop_coroutine(const void* promise) noexcept {
    coroutines().drop(promise);
}

std::string creation_place(const void* object) {
    const std::optional<Place> place = objects().find(object);
    if (!place) return {};
    if (place->where.line() == 0) return caller(*place, {});
    return std::string(place->where.file_name()) + ":" + std::to_string(place->where.line());
}

std::string coroutine_place(const void* promise, const std::string& function) {
    const std::optional<Place> place = coroutines().find(promise);
    return place ? caller(*place, function) : std::string();
}

std::string created_at(const void* object) {
    const std::string place = creation_place(object);
    return place.empty() ? place : " created at " + place;
}

std::string callable_name(const std::type_info& type, const void* address) {
    if (address != nullptr) {
        if (const std::string name = function_at(address); !name.empty()) return plain_name(name);
    }
    std::string name = demangle(type.name());
    constexpr std::string_view anonymous = "(anonymous namespace)::";
    for (std::size_t at = name.find(anonymous); at != std::string::npos; at = name.find(anonymous))
        name.erase(at, anonymous.size());
    const std::size_t lambda = std::min(name.rfind("{lambda("), name.rfind("$_"));
    if (lambda != std::string::npos) name = name.substr(0, lambda) + "<lambda>";
    return name;
}

}  // namespace asyncio::detail
