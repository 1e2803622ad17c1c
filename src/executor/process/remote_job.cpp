#include <asyncio/executor/remote_job.hpp>

namespace asyncio::detail {

RemoteJob::~RemoteJob() {
    if (node == nullptr) return;
    node->cancel();
    node->release_job();
}

bool RemoteJob::begin() noexcept {
    if (node == nullptr) return false;
    if (node->begin()) return true;
    std::exchange(node, nullptr)->release_job();
    return false;
}

void RemoteJob::finish(JobEnd& end) noexcept {
    if (node == nullptr) return;
    node->finish(end);
    std::exchange(node, nullptr)->release_job();
}

void RemoteJob::fail(std::exception_ptr cause) noexcept {
    if (node == nullptr) return;
    node->fail(std::move(cause));
    std::exchange(node, nullptr)->release_job();
}

/// "… remote_signature() [with auto F = name; Type = int (*)(int)]", and Clang's "[F = &name, Type = …]".
std::string_view plain_remote_name(std::string_view signature) noexcept {
    const std::size_t start = signature.find("F = ");
    if (start == std::string_view::npos) return signature;
    signature.remove_prefix(start + 4);
    if (signature.starts_with('&')) signature.remove_prefix(1);
    return signature.substr(0, signature.find_first_of(";,]"));
}

}  // namespace asyncio::detail
