#pragma once

#include <asyncio/base/standard/functional.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace asyncio {

/// How serious a log line is, in the order of Python's logging.
enum class LogLevel {
    debug,    ///< of use in debug mode only, such as which loop was closed
    info,     ///< nothing is wrong, such as a name that took long to look up
    warning,  ///< probably a mistake, such as a coroutine that was never awaited
    error,    ///< an exception that nobody handles
};

/// Receives every line that the library has to say. Must not throw (what it throws is swallowed) and may be called from
/// any thread, one call at a time.
using LogSink = std::function<void(LogLevel level, std::string_view message)>;

/// Replaces where the library's messages go; an empty sink restores the default, which writes warnings and errors to
/// stderr. Returns the previous sink (empty for the default).
///
/// Thread safety: any thread. Mirrors the logger "asyncio".
LogSink set_log_sink(LogSink sink);

namespace detail {

/// The library's only way to say something. Never throws.
void log(LogLevel level, std::string_view message) noexcept;

/// Between these two no other thread says anything: for a fork.
void hold_log() noexcept;
void release_log() noexcept;
/// In place of release_log() in the forked child.
void release_log_of_parent() noexcept;

/// Type and text of an exception, demangled type name, then what() where there is one.
[[nodiscard]] std::string describe(const std::exception_ptr& exception);

}  // namespace detail
}  // namespace asyncio
