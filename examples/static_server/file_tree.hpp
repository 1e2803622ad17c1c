#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace static_server {

/// A file, open for reading; its size and date as they were when it was opened.
class OpenFile {
public:
    /// Takes the descriptor over. Throws std::system_error when it cannot be examined.
    OpenFile(int fd, std::string name);
    OpenFile(OpenFile&& other) noexcept;
    OpenFile& operator=(OpenFile&&) = delete;
    ~OpenFile();

    [[nodiscard]] bool is_regular() const noexcept;
    [[nodiscard]] bool is_directory() const noexcept;
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] std::time_t modified() const noexcept { return modified_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// At most `length` bytes from `offset` on; fewer only at the end of the file. Throws std::system_error.
    ///
    /// This blocks the loop while the disk is read. For files that the kernel has cached that is a copy in memory,
    /// cheaper than a thread; a server for cold data would hand it to an executor.
    [[nodiscard]] std::string read(std::uint64_t offset, std::size_t length) const;

private:
    int fd_;
    std::string name_;
    unsigned mode_ = 0;
    std::uint64_t size_ = 0;
    std::time_t modified_ = 0;
};

struct NotFound {};

/// The path names a directory, but without the slash at its end: relative links in its page would go astray.
struct MissingSlash {};

/// The directory that is served.
class FileTree {
public:
    /// Throws std::filesystem::filesystem_error when `root` is no directory that can be reached.
    explicit FileTree(const std::filesystem::path& root);

    /// Finds what a path (decoded and normal, as parse_target gives it) names; for a directory its index.html. Throws
    /// std::system_error when the system cannot tell, for want of descriptors or memory.
    ///
    /// Never leaves the tree: a symbolic link is followed only to a place inside. This holds against whoever sends
    /// requests, not against somebody who changes the tree meanwhile.
    [[nodiscard]] std::variant<OpenFile, MissingSlash, NotFound> find(std::string_view path) const;

    [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }

private:
    std::filesystem::path root_;  // canonical
};

}  // namespace static_server
