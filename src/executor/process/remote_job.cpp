#include <asyncio/executor/remote_job.hpp>

#include <utility>

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

RemoteMessage::RemoteMessage() noexcept = default;
RemoteMessage::~RemoteMessage() = default;

void RemoteMessage::fail(const std::exception_ptr& cause) noexcept {
    for_each([&](RemoteJob& job) { job.fail(cause); });
}

RemoteJob& RemoteMessage::add_job() {
    return *further.emplace_back(make_owner<RemoteJob>());
}

void RemoteMessage::drop_last_job() noexcept {
    further.pop_back();
}

void RemoteJob::fail(std::exception_ptr cause) noexcept {
    if (node == nullptr) return;
    node->fail(std::move(cause));
    std::exchange(node, nullptr)->release_job();
}

}  // namespace asyncio::detail
