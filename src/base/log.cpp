#include <asyncio/base/log.hpp>

#include "symbols.hpp"

#include <asyncio/base/exceptions.hpp>

#include <cxxabi.h>

#include <cstdio>
#include <mutex>
#include <new>
#include <typeinfo>
#include <utility>

namespace asyncio {

namespace {

struct Output {
    std::recursive_mutex mutex;  // a sink may cause another message
    LogSink sink;
};

/// Never destroyed: objects with static lifetime may log on their way out.
Output& output() {
    static Output* instance = new Output;
    return *instance;
}

void write_to_stderr(LogLevel level, std::string_view message) {
    if (level < LogLevel::warning) return;
    std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
}

}  // namespace

LogSink set_log_sink(LogSink sink) {
    Output& out = output();
    std::lock_guard lock(out.mutex);
    return std::exchange(out.sink, std::move(sink));
}

namespace detail {

void hold_log() noexcept {
    output().mutex.lock();
}
void release_log() noexcept {
    output().mutex.unlock();
}
void release_log_of_parent() noexcept {
    // It is locked by a thread whose number the child does not have, and can never be unlocked.
    new (&output().mutex) std::recursive_mutex;
}

void log(LogLevel level, std::string_view message) noexcept {
    try {
        Output& out = output();
        std::lock_guard lock(out.mutex);
        if (out.sink) {
            // A copy, since the sink may replace itself.
            LogSink sink = out.sink;
            sink(level, message);
        } else {
            write_to_stderr(level, message);
        }
    } catch (...) {
        // A message that cannot be delivered must not become a failure of what it reports.
    }
}

std::string describe(const std::exception_ptr& exception) {
    if (exception == nullptr) return "no exception";
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        return exception_name(typeid(error)) + ": " + error.what();
    } catch (const CancelledError& error) {
        return "asyncio::CancelledError" + (error.message().empty() ? "" : ": " + error.message());
    } catch (const KeyboardInterrupt&) {
        return "asyncio::KeyboardInterrupt";
    } catch (const SystemExit& error) {
        return "asyncio::SystemExit: " + std::to_string(error.code());
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        return type != nullptr ? exception_name(*type) : "unknown exception";
    }
}

}  // namespace detail
}  // namespace asyncio
