#include "remote_stack.hpp"

#include "base/symbols.hpp"
#include "throw_filter.hpp"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncio::detail {

namespace {

constinit thread_local ThrownStack* watching = nullptr;

/// What throws, in the unwinder and the runtime; its callers are of interest.
bool is_thrower(std::string_view function) {
    return function.ends_with("__cxa_throw") || function.ends_with("__cxa_rethrow") ||
           function.starts_with("std::rethrow_exception") || function.ends_with("_Unwind_RaiseException") ||
           function.ends_with("_Unwind_Resume_or_Rethrow") || function.starts_with("__gxx_personality");
}

/// By the last part of the names: GCC 12's demangler leaves Clang's names of what has an `auto` parameter as they are.
bool is_caller_of_job(const StackEntry& entry) {
    return entry.file.ends_with("/executor/remote.hpp") ||
           entry.function.find("RemoteSignature") != std::string::npos ||
           entry.function.find("run_remote_call") != std::string::npos;
}

/// What lies between the caller of the job and the throw.
std::span<const StackEntry> of_job(std::span<const StackEntry> entries) {
    const auto by_runtime = std::find_if(entries.rbegin(), entries.rend(),
                                         [](const StackEntry& entry) { return is_thrower(entry.function); });
    entries = entries.subspan(static_cast<std::size_t>(entries.rend() - by_runtime));
    const auto caller = std::find_if(entries.begin(), entries.end(), is_caller_of_job);
    return entries.first(static_cast<std::size_t>(caller - entries.begin()));
}

std::string line_of(const StackEntry& entry) {
    std::string line = "  ";
    if (!entry.file.empty()) line += "File \"" + entry.file + "\", line " + std::to_string(entry.line) + ", ";
    return line + "in " + (entry.function.empty() ? "?" : entry.function) + "\n";
}

RemoteFrame frame_at(void* address) {
    Dl_info info{};
    link_map* module = nullptr;
    if (dladdr1(address, &info, reinterpret_cast<void**>(&module), RTLD_DL_LINKMAP) == 0 || module == nullptr)
        return {"?", 0};
    return {module->l_name, reinterpret_cast<std::uintptr_t>(address) - module->l_addr};
}

struct Search {
    const std::string* module;
    std::uintptr_t base;
    bool found;
};

int compare_module(dl_phdr_info* info, std::size_t, void* data) {
    auto& search = *static_cast<Search*>(data);
    if (*search.module != info->dlpi_name) return 0;
    search.base = info->dlpi_addr;
    search.found = true;
    return 1;
}

/// Where the frame is in this process; nullptr when its module is not loaded here.
void* address_of(const RemoteFrame& frame) {
    Search search{&frame.module, 0, false};
    dl_iterate_phdr(&compare_module, &search);
    return search.found ? reinterpret_cast<void*>(search.base + frame.offset) : nullptr;
}

}  // namespace

void ThrownStack::capture() noexcept {
    if (watching != nullptr) watching->count_ = capture_stack(watching->frames_);
}

std::exception_ptr ThrownStack::run(void (*job)(void*), void* data) noexcept {
    prepare_throw_filter();
    ThrownStack* const outer = std::exchange(watching, this);
    std::exception_ptr error;
    try {
        job(data);
    } catch (const ThrowFilter&) {
        // It never catches.
    } catch (...) {
        error = std::current_exception();
    }
    watching = outer;
    return error;
}

RemoteStack ThrownStack::portable(std::string function) const {
    RemoteStack stack{std::move(function), ::getpid(), {}, {}};
    stack.frames.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) stack.frames.push_back(frame_at(frames_[i]));
    return stack;
}

RemoteTraceback::RemoteTraceback(RemoteStackPtr stack) noexcept : stack_(std::move(stack)) {}
RemoteTraceback::RemoteTraceback(const RemoteTraceback&) = default;
RemoteTraceback& RemoteTraceback::operator=(const RemoteTraceback&) = default;
RemoteTraceback::~RemoteTraceback() = default;

std::string RemoteStack::text() const {
    std::vector<void*> addresses;
    for (const RemoteFrame& frame : frames) {
        if (void* address = address_of(frame)) addresses.push_back(address);
    }
    const std::vector<StackEntry> entries = resolve_stack(addresses);
    std::string text = cause;
    text += "Traceback of " + (function.empty() ? "a job" : function) + " in process " + std::to_string(process) +
            " (most recent call last):\n";
    const auto job = of_job(entries);
    for (auto entry = job.rbegin(); entry != job.rend(); ++entry) text += line_of(*entry);
    return text;
}

}  // namespace asyncio::detail
