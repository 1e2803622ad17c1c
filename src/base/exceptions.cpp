#include <asyncio/base/exceptions.hpp>

#include <cerrno>

namespace asyncio {

namespace {

std::string incomplete_read_text(std::size_t got, std::optional<std::size_t> expected) {
    return std::to_string(got) + " bytes read on a total of " +
           (expected ? std::to_string(*expected) : std::string("undefined")) + " expected bytes";
}

template <class E>
std::exception_ptr make(int error, const std::string& what) {
    return std::make_exception_ptr(E(error, std::system_category(), what));
}

}  // namespace

IncompleteReadError::IncompleteReadError(std::string partial, std::optional<std::size_t> expected)
    : EOFError(incomplete_read_text(partial.size(), expected)),
      partial_(std::move(partial)),
      expected_(expected) {}

std::exception_ptr os_error(int error, const std::string& what) {
    switch (error) {
        case EAGAIN:
        case EALREADY:
        case EINPROGRESS:
            return make<BlockingIOError>(error, what);
        case EPIPE:
        case ESHUTDOWN:
            return make<BrokenPipeError>(error, what);
        case ECONNABORTED:
            return make<ConnectionAbortedError>(error, what);
        case ECONNREFUSED:
            return make<ConnectionRefusedError>(error, what);
        case ECONNRESET:
            return make<ConnectionResetError>(error, what);
        case ENOENT:
            return make<FileNotFoundError>(error, what);
        case EEXIST:
            return make<FileExistsError>(error, what);
        case EACCES:
        case EPERM:
            return make<PermissionError>(error, what);
        default:
            return make<std::system_error>(error, what);
    }
}

void throw_os_error(int error, const std::string& what) {
    std::rethrow_exception(os_error(error, what));
}

}  // namespace asyncio
