#include <asyncio/base/creation_places.hpp>

#include "symbols.hpp"

#include <asyncio/base/function_name.hpp>

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

    [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }

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

/// The folder of the library's sources, as the compiler called it.
std::string_view source_folder() {
    const std::string_view file = __FILE__;
    return file.substr(0, file.rfind("base/"));
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Where a program finds our headers is not known when the library is compiled, only how that folder ends; and a user's
/// may end likewise. So a function that is said to be of another namespace is the user's. (GCC's debug information
/// names no namespace for bodies of coroutines and for templates with a lambda among their arguments.)
bool is_in_header_of_library(const StackEntry& entry, std::string_view name) {
    return contains(entry.file, "/include/asyncio/") && entry.file.ends_with(".hpp") &&
           (name.starts_with("asyncio::") || !contains(name, "::"));
}

/// Frames of the library itself and of the standard library say nothing about who made an object.
bool is_inside(const StackEntry& entry) {
    const std::string name = function_name(entry.function);
    if (!entry.file.empty())
        return entry.file.starts_with(source_folder()) || contains(entry.file, "/include/c++/") ||
               is_in_header_of_library(entry, name);
    return name.starts_with("asyncio::") || name.starts_with("std::");
}

std::string_view last_part(std::string_view name, std::string_view separator) {
    const std::size_t at = name.rfind(separator);
    return at == std::string_view::npos ? name : name.substr(at + separator.size());
}

std::string text_of(const StackEntry& entry) {
    if (!entry.file.empty()) return file_and_line(entry.file, static_cast<std::uint_least32_t>(entry.line));
    return function_name(entry.function) + "()";
}

/// Whether the frame is that of the coroutine function itself.
bool is_of(const StackEntry& entry, const std::source_location& function, const std::string& name) {
    if (!entry.file.empty()) {
        if (last_part(entry.file, "/") != last_part(function.file_name(), "/")) return false;
        if (static_cast<unsigned>(entry.line) == function.line()) return true;
    }
    const std::string frame = function_name(entry.function);
    return last_part(frame, "::") == last_part(name, "::");
}

/// The stack without the library and the standard library.
std::vector<StackEntry> callers(const Place& place) {
    std::vector<StackEntry> all = resolve_stack({place.stack.data(), place.frames});
    std::erase_if(all, [](const StackEntry& entry) {
        return (entry.function.empty() && entry.file.empty()) || is_inside(entry);
    });
    return all;
}

}  // namespace

void hold_places() noexcept {
    objects().mutex().lock();
    coroutines().mutex().lock();
}
void release_places() noexcept {
    coroutines().mutex().unlock();
    objects().mutex().unlock();
}

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
    if (place->where.line() == 0) {
        const std::vector<StackEntry> stack = callers(*place);
        return stack.empty() ? std::string() : text_of(stack.front());
    }
    return file_and_line(place->where);
}

std::string coroutine_place(const void* promise, const std::source_location& function, const std::string& name) {
    const std::optional<Place> place = coroutines().find(promise);
    if (!place) return {};
    const std::vector<StackEntry> stack = callers(*place);
    // Optimised code may have the function inlined in its caller.
    const std::size_t caller = !stack.empty() && is_of(stack.front(), function, name) ? 1 : 0;
    return caller < stack.size() ? text_of(stack[caller]) : std::string();
}

std::string created_at(const void* object) {
    const std::string place = creation_place(object);
    return place.empty() ? place : " created at " + place;
}

std::string callable_name(const std::type_info& type, const void* address) {
    if (address != nullptr) {
        if (const std::string name = function_at(address); !name.empty()) return function_name(name);
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
