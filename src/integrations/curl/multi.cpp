#include <asyncio/integrations/curl/multi.hpp>

#include "global.hpp"

#include <asyncio/loop/event_loop.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

namespace asyncio::curl {
namespace detail {

/// Between libcurl and the loop. libcurl tells which sockets it wants watched and when it wants to be called for a
/// timeout; the loop's callbacks call it back, and after each such call the transfers that came to an end are
/// collected.
///
/// libcurl's functions must not be entered from within its own callbacks. So a timeout of zero goes through the loop,
/// too, and a transfer that is cancelled inside of a callback is put on `doomed_` until libcurl has returned.
struct MultiState {
    MultiState(EventLoop& loop, const MultiOptions& options);
    ~MultiState();
    MultiState(const MultiState&) = delete;
    MultiState& operator=(const MultiState&) = delete;

    void add(PerformAwaiter& awaiter);
    void remove(PerformAwaiter& awaiter) noexcept;
    std::size_t active() const noexcept { return running_.size(); }

private:
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
    static int on_timer(CURLM*, long delay_ms, void* self);

    void watch(int fd, int what);
    void unwatch(int fd, int what) noexcept;
    void drive(int fd, int events);
    void collect_finished();
    void take_out(CURL* handle) noexcept;

    EventLoop& loop_;
    CURLM* multi_;
    TimerHandle timer_;
    bool inside_libcurl_ = false;
    std::unordered_map<CURL*, PerformAwaiter*> running_;
    std::unordered_map<int, int> watched_;  ///< CURL_POLL_IN and CURL_POLL_OUT by descriptor.
    std::vector<CURL*> doomed_;
};

MultiState::MultiState(EventLoop& loop, const MultiOptions& options) : loop_(loop) {
    initialise_libcurl();
    multi_ = curl_multi_init();
    if (multi_ == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &MultiState::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &MultiState::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    if (options.max_cached_connections > 0)
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options.max_cached_connections);
    if (options.max_connections_per_host > 0)
        curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options.max_connections_per_host);
}

MultiState::~MultiState() {
    while (!running_.empty()) {
        auto [handle, awaiter] = *running_.begin();
        running_.erase(running_.begin());
        take_out(handle);
        awaiter->finish(CURLE_ABORTED_BY_CALLBACK);
    }
    timer_.cancel();
    curl_multi_cleanup(multi_);
    // What libcurl did not take back itself; after this no callback of the loop refers to us.
    while (!watched_.empty()) watch(watched_.begin()->first, CURL_POLL_REMOVE);
}

void MultiState::add(PerformAwaiter& awaiter) {
    CURL* handle = awaiter.handle_;
    if (!running_.emplace(handle, &awaiter).second)
        throw std::invalid_argument("this request is in a transfer already");
    if (awaiter.easy_ != nullptr) awaiter.easy_->prepare();
    CURLMcode result = curl_multi_add_handle(multi_, handle);
    if (result == CURLM_OK) return;
    running_.erase(handle);
    throw std::invalid_argument(std::string("curl_multi_add_handle: ") + curl_multi_strerror(result));
}

void MultiState::remove(PerformAwaiter& awaiter) noexcept {
    CURL* handle = awaiter.handle_;
    if (running_.erase(handle) == 0) return;
    if (inside_libcurl_)
        doomed_.push_back(handle);
    else
        take_out(handle);
}

void MultiState::take_out(CURL* handle) noexcept {
    bool outer = std::exchange(inside_libcurl_, true);
    curl_multi_remove_handle(multi_, handle);
    inside_libcurl_ = outer;
}

int MultiState::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    // No exception may pass through libcurl; -1 makes it end its transfers.
    try {
        static_cast<MultiState*>(self)->watch(fd, what);
        return 0;
    } catch (...) {
        return -1;
    }
}

int MultiState::on_timer(CURLM*, long delay_ms, void* self) {
    auto& state = *static_cast<MultiState*>(self);
    state.timer_.cancel();
    if (delay_ms < 0 || state.loop_.is_closed()) return 0;
    try {
        state.timer_ = state.loop_.call_later(std::chrono::milliseconds(delay_ms),
                                              [&state] { state.drive(CURL_SOCKET_TIMEOUT, 0); });
        return 0;
    } catch (...) {
        return -1;
    }
}

void MultiState::watch(int fd, int what) {
    int wanted = what == CURL_POLL_REMOVE ? 0 : what;
    auto found = watched_.find(fd);
    int present = found == watched_.end() ? 0 : found->second;
    unwatch(fd, present & ~wanted);
    int added = wanted & ~present;
    if ((added & CURL_POLL_IN) != 0) loop_.add_reader(fd, [this, fd] { drive(fd, CURL_CSELECT_IN); });
    if ((added & CURL_POLL_OUT) != 0) loop_.add_writer(fd, [this, fd] { drive(fd, CURL_CSELECT_OUT); });
    if (wanted == 0)
        watched_.erase(fd);
    else
        watched_[fd] = wanted;
}

void MultiState::unwatch(int fd, int what) noexcept {
    if (loop_.is_closed()) return;  // it has forgotten its watchers
    if ((what & CURL_POLL_IN) != 0) loop_.remove_reader(fd);
    if ((what & CURL_POLL_OUT) != 0) loop_.remove_writer(fd);
}

void MultiState::drive(int fd, int events) {
    inside_libcurl_ = true;
    int still_running = 0;
    curl_multi_socket_action(multi_, fd, events, &still_running);
    inside_libcurl_ = false;
    for (CURL* handle : std::exchange(doomed_, {})) take_out(handle);
    collect_finished();
}

void MultiState::collect_finished() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* handle = message->easy_handle;
        CURLcode result = message->data.result;  // the message is gone with the handle
        auto found = running_.find(handle);
        if (found == running_.end()) continue;
        PerformAwaiter* awaiter = found->second;
        running_.erase(found);
        take_out(handle);
        awaiter->finish(result);
    }
}

PerformAwaiter::~PerformAwaiter() {
    if (running_) multi_->remove(*this);
}

void PerformAwaiter::start() {
    multi_->add(*this);
    running_ = true;
}

void PerformAwaiter::finish(int curl_code) noexcept {
    running_ = false;
    result_ = curl_code;
    wake();
}

bool PerformAwaiter::cancel(std::string_view message) noexcept {
    if (!running_) return false;
    running_ = false;
    multi_->remove(*this);
    accept_cancel(message);
    return true;
}

void PerformAwaiter::await_resume() {
    resumed();
    if (easy_ != nullptr) return easy_->check(result_);
    if (result_ == CURLE_OK) return;
    const char* url = nullptr;
    long os_errno = 0;
    curl_easy_getinfo(handle_, CURLINFO_EFFECTIVE_URL, &url);
    curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &os_errno);
    throw Error(result_, url == nullptr ? "" : url, "", static_cast<int>(os_errno));
}

}  // namespace detail

Multi::Multi(MultiOptions options) : Multi(get_running_loop(), options) {}

Multi::Multi(EventLoop& loop, MultiOptions options) : state_(std::make_unique<detail::MultiState>(loop, options)) {}

Multi::~Multi() = default;

std::size_t Multi::active() const noexcept {
    return state_->active();
}

}  // namespace asyncio::curl
