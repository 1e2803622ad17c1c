#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace inspect {

/// What is said to the user before the program ends with status 1.
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The memory does not hold what was expected: it changes underneath, so it is worth another look.
struct Torn : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Reads the memory of another process, which goes on running meanwhile.
class Memory {
public:
    explicit Memory(pid_t process) noexcept : process_(process) {}

    /// Throws Torn when the memory is not there, Failure when the process is gone or must not be read.
    void read(std::uint64_t address, void* to, std::size_t size) const;
    template <class T>
    [[nodiscard]] T get(std::uint64_t address) const {
        T value;
        read(address, &value, sizeof value);
        return value;
    }
    /// Up to a null character; longer ones are cut off.
    [[nodiscard]] std::string text(std::uint64_t address) const;

    [[nodiscard]] pid_t process() const noexcept { return process_; }

private:
    pid_t process_;
};

/// The address of the library's DebugLayout. Throws Failure: no such process, no permission, no asyncio in it.
[[nodiscard]] std::uint64_t find_debug_layout(const Memory& memory);

}  // namespace inspect
