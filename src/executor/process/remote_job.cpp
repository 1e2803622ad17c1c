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

}  // namespace asyncio::detail
