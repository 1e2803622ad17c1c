#pragma once

#include <asyncio/executor/remote_errors.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace asyncio::detail {

/// A return address, as what lies at the same place in every process of the program.
struct RemoteFrame {
    std::string module;  // "" for the program itself
    std::uint64_t offset = 0;
};

/// Where an exception was thrown. Becomes text only when somebody asks for it, in the process that asks.
struct RemoteStack {
    std::string function;  // of the job
    std::int64_t process = 0;
    std::vector<RemoteFrame> frames;  // innermost first
    std::string cause;  // the traceback of the exception that was thrown on, when it came from a third process

    [[nodiscard]] std::string text() const;
};

/// The stack of where an exception was thrown, which is gone when it is caught. The unwinder looks for a handler first,
/// with the stack still there, and asks the type of each `catch` on its way: ours looks at the stack, and refuses.
/// Costs nothing until something is thrown, and only what leaves `watch` is looked at.
class ThrownStack {
public:
    /// Runs `job` and returns the exception that it throws, or nullptr.
    template <class Job>
    [[nodiscard]] std::exception_ptr watch(Job job) noexcept {
        return run([](void* data) { (*static_cast<Job*>(data))(); }, &job);
    }

    /// For another process. Throws std::bad_alloc.
    [[nodiscard]] RemoteStack portable(std::string function) const;

    /// Called by the unwinder.
    static void capture() noexcept;

private:
    [[nodiscard]] std::exception_ptr run(void (*job)(void*), void* data) noexcept;

    static constexpr std::size_t frames_kept = 40;

    std::array<void*, frames_kept> frames_;
    std::size_t count_ = 0;
};

}  // namespace asyncio::detail
