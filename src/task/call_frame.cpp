#include <asyncio/task/call_frame.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/function_name.hpp>
#include <asyncio/task/task.hpp>
#include <asyncio/task/task_core.hpp>

#include <algorithm>

namespace asyncio {

std::string FrameCallGraphEntry::function() const {
    return detail::public_function_name(frame_);
}

std::optional<std::source_location> AnyTask::get_coro() const {
    return detail::coroutine_of(*this);
}

std::vector<FrameCallGraphEntry> AnyTask::get_stack(std::optional<std::size_t> limit) const {
    return detail::stack_of(*this, limit);
}

namespace detail {

std::vector<FrameCallGraphEntry> frames_from(TaskCore& task, const PromiseBase* innermost) {
    std::vector<FrameCallGraphEntry> frames;
    for (const PromiseBase* frame = innermost; frame != nullptr; frame = frame->caller)
        frames.emplace_back(frame->where,
                            frame->is_generator(task.slot()) ? FrameKind::async_generator : FrameKind::coroutine);
    // The library's own say nothing, unless there are no others.
    const auto is_ours = [](const FrameCallGraphEntry& frame) {
        return is_internal_function(frame.frame().function_name());
    };
    if (!std::all_of(frames.begin(), frames.end(), is_ours)) std::erase_if(frames, is_ours);
    return frames;
}

std::vector<FrameCallGraphEntry> frames_of(TaskCore& task) {
    if (task.leaf() != nullptr) return frames_from(task, task.leaf());
    return frames_from(task, task.slot().child);
}

std::optional<std::source_location> coroutine_of(const AnyFuture& task) {
    return static_cast<TaskCore&>(task.core()).coroutine();
}

std::vector<FrameCallGraphEntry> stack_of(const AnyFuture& task, const std::optional<std::size_t>& limit) {
    std::vector<FrameCallGraphEntry> frames = frames_of(static_cast<TaskCore&>(task.core()));
    if (limit && *limit < frames.size())
        frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(*limit), frames.end());
    std::reverse(frames.begin(), frames.end());
    return frames;
}

void print_stack_of(const AnyFuture& handle, const std::optional<std::size_t>& limit, std::FILE* file) {
    const std::vector<FrameCallGraphEntry> frames = stack_of(handle, limit);
    auto& task = static_cast<TaskCore&>(handle.core());
    std::string text;
    if (task.state() == FutureCore::State::failed) {
        text = "Traceback for " + task.repr() + " (most recent call last):\n";
    } else if (frames.empty()) {
        text = "No stack for " + task.repr() + "\n";
    } else {
        text = "Stack for " + task.repr() + " (most recent call last):\n";
    }
    for (const FrameCallGraphEntry& frame : frames)
        text += std::string("  File \"") + frame.file() + "\", line " + std::to_string(frame.line()) + ", in " +
                frame.function() + "\n";
    if (task.state() == FutureCore::State::failed) text += describe(task.slot().error) + "\n";
    std::fwrite(text.data(), 1, text.size(), file == nullptr ? stderr : file);
}

}  // namespace detail
}  // namespace asyncio
