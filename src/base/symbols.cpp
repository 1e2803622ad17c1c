#include "symbols.hpp"

#include <asyncio/base/creation_places.hpp>

#include <cxxabi.h>
#include <unwind.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>

#if ASYNCIO_HAS_BACKTRACE
// GCC's libbacktrace, declared here because its header is not in the search path of other compilers.
extern "C" {
struct backtrace_state;
using backtrace_error_callback = void (*)(void* data, const char* message, int error);
using backtrace_full_callback = int (*)(void* data, std::uintptr_t pc, const char* file, int line,
                                        const char* function);
using backtrace_syminfo_callback = void (*)(void* data, std::uintptr_t pc, const char* name, std::uintptr_t value,
                                            std::uintptr_t size);
backtrace_state* backtrace_create_state(const char* file, int threaded, backtrace_error_callback error, void* data);
int backtrace_pcinfo(backtrace_state* state, std::uintptr_t pc, backtrace_full_callback call,
                     backtrace_error_callback error, void* data);
int backtrace_syminfo(backtrace_state* state, std::uintptr_t address, backtrace_syminfo_callback call,
                      backtrace_error_callback error, void* data);
}
#endif

namespace asyncio::detail {

namespace {

struct Capture {
    std::span<void*> addresses;
    std::size_t count;
    int skip;
};

_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* data) {
    auto& capture = *static_cast<Capture*>(data);
    if (capture.skip-- > 0) return _URC_NO_REASON;
    if (capture.count == capture.addresses.size()) return _URC_END_OF_STACK;
    // The return address belongs to the next statement, the byte before it to the call.
    capture.addresses[capture.count++] = reinterpret_cast<void*>(_Unwind_GetIP(context) - 1);
    return _URC_NO_REASON;
}

}  // namespace

[[gnu::noinline]] std::size_t capture_stack(std::span<void*> addresses) noexcept {
    Capture capture{addresses, 0, 2};
    _Unwind_Backtrace(&take_frame, &capture);
    return capture.count;
}

namespace {

/// "asyncio::EventLoop::call_soon" of "_ZN7asyncio9EventLoop9call_soonI…", for names that the demangler does not know:
/// Clang's of constrained templates are too new for GCC 12's.
std::string plain_parts(std::string_view mangled) {
    std::string text;
    if (!mangled.starts_with("_ZN")) return text;
    mangled.remove_prefix(std::min(mangled.find_first_not_of("KVRO", 3), mangled.size()));
    std::size_t length = 0;
    for (;;) {
        const auto [end, error] = std::from_chars(mangled.data(), mangled.data() + mangled.size(), length);
        if (error != std::errc{}) return text;
        mangled.remove_prefix(static_cast<std::size_t>(end - mangled.data()));
        if (length > mangled.size()) return text;
        if (!text.empty()) text += "::";
        text += mangled.substr(0, length);
        mangled.remove_prefix(length);
    }
}

}  // namespace

std::string demangle(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                           &std::free);
    if (status == 0) return text.get();
    std::string parts = plain_parts(name);
    return parts.empty() ? name : parts;
}

std::string exception_name(const std::type_info& type) {
    constexpr std::string_view around = "asyncio::detail::WithRemoteTraceback<";
    std::string name = demangle(type.name());
    if (!name.starts_with(around)) return name;
    name.erase(0, around.size());
    name.pop_back();
    if (name.ends_with(' ')) name.pop_back();  // which the demangler puts between two >
    return name;
}

#if ASYNCIO_HAS_BACKTRACE

namespace {

void ignore_error(void*, const char*, int) {}

backtrace_state* symbols() noexcept {
    static backtrace_state* const state = backtrace_create_state(nullptr, 1, &ignore_error, nullptr);
    return state;
}

void take_name(void* data, std::uintptr_t, const char* name, std::uintptr_t, std::uintptr_t) {
    if (name != nullptr) *static_cast<std::string*>(data) = demangle(name);
}

constinit thread_local Clock::duration time_spent{0};

/// Counts the time of a look-up; the first one reads all debug information of the program.
class Stopwatch {
public:
    Stopwatch() noexcept : start_(Clock::now()) {}
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;
    ~Stopwatch() { time_spent += Clock::now() - start_; }

private:
    Clock::time_point start_;
};

int take_entry(void* data, std::uintptr_t, const char* file, int line, const char* function) {
    if (file == nullptr && function == nullptr) return 0;
    auto& entries = *static_cast<std::vector<StackEntry>*>(data);
    entries.push_back({function != nullptr ? demangle(function) : "", file != nullptr ? file : "", line});
    return 0;
}

}  // namespace

std::vector<StackEntry> resolve_stack(std::span<void* const> addresses) {
    const Stopwatch stopwatch;
    std::vector<StackEntry> entries;
    if (symbols() == nullptr) return entries;
    for (void* address : addresses) {
        const auto pc = reinterpret_cast<std::uintptr_t>(address);
        const std::size_t before = entries.size();
        backtrace_pcinfo(symbols(), pc, &take_entry, &ignore_error, &entries);
        if (entries.size() != before) continue;
        StackEntry entry;  // without debug information there is still the table of symbols
        backtrace_syminfo(symbols(), pc, &take_name, &ignore_error, &entry.function);
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::string function_at(const void* address) {
    const Stopwatch stopwatch;
    std::string name;
    if (symbols() != nullptr)
        backtrace_syminfo(symbols(), reinterpret_cast<std::uintptr_t>(address), &take_name, &ignore_error, &name);
    return name;
}

Clock::duration time_of_lookups() noexcept {
    return time_spent;
}

#else

std::vector<StackEntry> resolve_stack(std::span<void* const>) {
    return {};
}
std::string function_at(const void*) {
    return {};
}
Clock::duration time_of_lookups() noexcept {
    return {};
}

#endif

}  // namespace asyncio::detail
