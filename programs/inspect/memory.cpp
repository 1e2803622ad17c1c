#include "memory.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace inspect {

namespace {

constexpr std::size_t page_size = 4096;
constexpr std::size_t longest_text = 4096;

}  // namespace

void Memory::read(std::uint64_t address, void* to, std::size_t size) const {
    const iovec local{to, size};
    const iovec remote{reinterpret_cast<void*>(address), size};
    const ssize_t count = ::process_vm_readv(process_, &local, 1, &remote, 1, 0);
    if (count == static_cast<ssize_t>(size)) return;
    const std::string who = "process " + std::to_string(process_);
    if (count < 0 && errno == ESRCH) throw Failure("no such process: " + std::to_string(process_));
    if (count < 0 && (errno == EPERM || errno == ENOSYS))
        throw Failure("no permission to read the memory of " + who + ": " + std::strerror(errno) +
                      " (ptrace access is needed: the same user, or CAP_SYS_PTRACE)");
    throw Torn("the memory of " + who + " changes while it is read");
}

std::string Memory::text(std::uint64_t address) const {
    std::string result;
    while (result.size() < longest_text) {
        char part[page_size];
        const std::size_t size = page_size - address % page_size;
        read(address, part, size);
        const char* const end = std::find(part, part + size, '\0');
        result.append(part, static_cast<std::size_t>(end - part));
        if (end != part + size) break;
        address += size;
    }
    return result;
}

}  // namespace inspect
