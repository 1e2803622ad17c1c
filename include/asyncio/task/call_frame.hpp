#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace asyncio {

namespace detail {
class TaskCore;
class PromiseBase;
}  // namespace detail

/// What a frame of an asynchronous stack belongs to.
enum class FrameKind : std::uint8_t {
    coroutine,        ///< a Coro
    async_generator,  ///< an AsyncGenerator
};

/// A frame of an asynchronous stack: the function, and the place of its `co_await`. Mirrors asyncio.FrameCallGraphEntry
/// (since 3.14), whose Python frame is here function, file and line.
class FrameCallGraphEntry {
public:
    /// Used by the library.
    explicit FrameCallGraphEntry(const std::source_location& frame, FrameKind kind = FrameKind::coroutine) noexcept
        : frame_(frame),
          kind_(kind) {}

    /// Where it is: for a coroutine that has not started, its definition.
    [[nodiscard]] const std::source_location& frame() const noexcept { return frame_; }
    /// The plain name of the function.
    [[nodiscard]] std::string function() const;
    /// The source file of `frame()`.
    [[nodiscard]] const char* file() const noexcept { return frame_.file_name(); }
    /// The line of `frame()`, from 1.
    [[nodiscard]] std::uint32_t line() const noexcept { return frame_.line(); }
    /// Whether it is a coroutine or an asynchronous generator.
    [[nodiscard]] FrameKind kind() const noexcept { return kind_; }

private:
    std::source_location frame_;
    FrameKind kind_;
};

namespace detail {

/// The frames of a chain of awaits that some task is in, the innermost first.
[[nodiscard]] std::vector<FrameCallGraphEntry> frames_from(TaskCore& task, const PromiseBase* innermost);
/// The frames of a task: none when it is done; while its step runs, only the outermost, since nobody keeps track of the
/// others.
[[nodiscard]] std::vector<FrameCallGraphEntry> frames_of(TaskCore& task);

}  // namespace detail
}  // namespace asyncio
