#include "file_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace static_server {

namespace fs = std::filesystem;

namespace {

/// For errors that mean: no such file, or none for everybody. Any other one (no descriptor left, no memory, a defective
/// disk) says nothing about the file, and is thrown.
NotFound not_found(int error, const fs::path& path) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
        case ELOOP:
        case EACCES:
        case ENAMETOOLONG:
        case ENXIO:  // a socket
            return {};
        default:
            throw std::system_error(error, std::generic_category(), "open " + path.string());
    }
}

}  // namespace

OpenFile::OpenFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) {
        const int error = errno;
        ::close(fd_);  // the destructor of an object that was never complete does not run
        throw std::system_error(error, std::generic_category(), "examine " + name_);
    }
    mode_ = status.st_mode;
    size_ = static_cast<std::uint64_t>(status.st_size);
    modified_ = status.st_mtime;
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      mode_(other.mode_),
      size_(other.size_),
      modified_(other.modified_) {}

OpenFile::~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
}

bool OpenFile::is_regular() const noexcept {
    return S_ISREG(mode_);
}
bool OpenFile::is_directory() const noexcept {
    return S_ISDIR(mode_);
}

std::string OpenFile::read(std::uint64_t offset, std::size_t length) const {
    std::string data(length, '\0');
    std::size_t done = 0;
    while (done < length) {
        const ssize_t n = ::pread(fd_, data.data() + done, length - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw std::system_error(errno, std::generic_category(), "read " + name_);
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    data.resize(done);
    return data;
}

FileTree::FileTree(const fs::path& root) : root_(fs::canonical(root)) {
    if (!fs::is_directory(root_)) {
        throw fs::filesystem_error("serve", root_, std::make_error_code(std::errc::not_a_directory));
    }
}

std::variant<OpenFile, MissingSlash, NotFound> FileTree::find(std::string_view path) const {
    fs::path wanted = root_ / path.substr(1);
    if (path.ends_with('/')) wanted /= "index.html";
    std::error_code error;
    const fs::path found = fs::canonical(wanted, error);  // where it is when all symbolic links have been followed
    if (error) return not_found(error.value(), wanted);
    const bool is_inside = std::mismatch(root_.begin(), root_.end(), found.begin(), found.end()).first == root_.end();
    if (!is_inside) return NotFound{};

    // Not blocking: whoever opens a named pipe waits for its other end.
    const int fd = ::open(found.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return not_found(errno, found);
    OpenFile file(fd, found.filename().string());
    if (file.is_directory()) return MissingSlash{};
    if (!file.is_regular()) return NotFound{};
    return file;
}

}  // namespace static_server
