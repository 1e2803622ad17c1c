#include "memory.hpp"

#include <asyncio/loop/debug_layout.hpp>

#include <elf.h>
#include <signal.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <vector>

namespace inspect {

namespace {

using asyncio::detail::DebugLayout;

template <class T>
bool read_at(std::ifstream& file, std::uint64_t offset, T* to, std::size_t count = 1) {
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(count * sizeof(T)));
    return static_cast<std::size_t>(file.gcount()) == count * sizeof(T);
}

struct Section {
    std::uint64_t address = 0;  // as linked
    std::uint64_t size = 0;
    std::uint64_t first_segment = 0;  // address that the file's begin is linked to
};

/// The section of an ELF file that holds the DebugLayout; size 0 when there is none.
Section find_section(std::ifstream& file) {
    Elf64_Ehdr header;
    if (!read_at(file, 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr) ||
        header.e_shstrndx >= header.e_shnum)
        return {};
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    if (!read_at(file, header.e_shoff, sections.data(), sections.size())) return {};
    std::vector<Elf64_Phdr> segments(header.e_phnum);
    if (!read_at(file, header.e_phoff, segments.data(), segments.size())) return {};
    for (const Elf64_Shdr& section : sections) {
        static constexpr char wanted[] = ".asyncio_debug";
        char name[sizeof wanted]{};
        if (section.sh_size < sizeof(DebugLayout) ||
            !read_at(file, sections[header.e_shstrndx].sh_offset + section.sh_name, name, sizeof name) ||
            std::memcmp(name, wanted, sizeof wanted) != 0)
            continue;
        for (const Elf64_Phdr& segment : segments)
            if (segment.p_type == PT_LOAD)
                return {section.sh_addr, section.sh_size, segment.p_vaddr - segment.p_offset};
    }
    return {};
}

bool is_zombie(const std::string& process) {
    std::ifstream status("/proc/" + process + "/stat");
    std::string line;
    std::getline(status, line);
    const std::size_t name_end = line.rfind(") ");  // the name may contain anything
    return name_end != std::string::npos && line.substr(name_end + 2, 1) == "Z";
}

/// Each file that is mapped from its begin, and where.
std::map<std::string, std::uint64_t> mapped_files(const Memory& memory) {
    const std::string process = std::to_string(memory.process());
    if (::kill(memory.process(), 0) != 0 && errno == ESRCH) throw Failure("no such process: " + process);
    std::ifstream maps("/proc/" + process + "/maps");
    std::map<std::string, std::uint64_t> files;
    std::string line;
    while (std::getline(maps, line)) {
        std::istringstream fields(line);
        std::uint64_t begin = 0;
        std::uint64_t offset = 0;
        std::string end, rights, device, inode, path;
        fields >> std::hex >> begin >> end >> rights >> offset >> device >> inode >> std::ws;
        std::getline(fields, path);
        if (path.starts_with('/') && offset == 0) files.try_emplace(path, begin);
    }
    if (files.empty() && is_zombie(process)) throw Failure("process " + process + " has ended and is a zombie");
    if (files.empty())
        throw Failure("no permission to look at process " + process +
                      " (ptrace access is needed: the same user, or CAP_SYS_PTRACE)");
    return files;
}

bool has_magic_number(const Memory& memory, std::uint64_t address) {
    try {
        return memory.get<std::uint64_t>(address) == DebugLayout::magic_number;
    } catch (const Torn&) {
        return false;  // another file of that name is mapped there
    }
}

}  // namespace

std::uint64_t find_debug_layout(const Memory& memory) {
    const std::string proc = "/proc/" + std::to_string(memory.process());
    std::error_code ignored;
    const std::string program = std::filesystem::read_symlink(proc + "/exe", ignored);
    for (const auto& [path, begin] : mapped_files(memory)) {
        // The program itself can be read even when its file has been removed; other things that are mapped may be
        // devices.
        const std::string name = path == program ? proc + "/exe" : proc + "/root" + path;
        if (!std::filesystem::is_regular_file(name, ignored)) continue;
        std::ifstream file(name, std::ios::binary);
        const Section section = find_section(file);
        if (section.size == 0) continue;
        const std::uint64_t address = begin + section.address - section.first_segment;
        if (!has_magic_number(memory, address)) continue;
        const auto version = memory.get<std::uint32_t>(address + sizeof(std::uint64_t));
        if (version != DebugLayout::current_version)
            throw Failure("process " + std::to_string(memory.process()) + " uses another version of asyncio");
        return address;
    }
    throw Failure("no asyncio in process " + std::to_string(memory.process()));
}

}  // namespace inspect
