#include <asyncio/integrations/curl/easy.hpp>

#include "global.hpp"

#include <asyncio/integrations/curl/error.hpp>

#include <curl/curl.h>

#include <exception>
#include <new>
#include <utility>

namespace asyncio::curl {

struct Easy::State {
    State() : handle(make_handle()) {
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
        set(CURLOPT_ACCEPT_ENCODING, "");
        set(CURLOPT_ERRORBUFFER, error_text);
        set(CURLOPT_WRITEFUNCTION, &State::write);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_HEADERFUNCTION, &State::header);
        set(CURLOPT_HEADERDATA, this);
        // A cancelled transfer must not wait for a name look-up in libcurl's resolver thread to come back.
        set(CURLOPT_QUICK_EXIT, 1L);
    }
    ~State() {
        curl_easy_cleanup(handle);
        curl_slist_free_all(headers);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    static CURL* make_handle() {
        detail::initialise_libcurl();
        CURL* handle = curl_easy_init();
        if (handle == nullptr) throw std::bad_alloc();
        return handle;
    }

    /// Options of these kinds only fail when libcurl is older than the option or out of memory.
    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_easy_setopt(handle, option, value) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    }

    template <class Value>
    Value get(CURLINFO info, Value otherwise) const {
        Value value = otherwise;
        return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? value : otherwise;
    }

    static std::size_t write(char* data, std::size_t, std::size_t size, void* self) noexcept {
        return static_cast<State*>(self)->take({data, size}) ? size : size + 1;
    }

    bool take(std::string_view piece) noexcept {
        // A callback may have lowered the limit.
        if (received > body_limit || piece.size() > body_limit - received) {
            limit_exceeded = true;
            return false;
        }
        received += piece.size();
        try {
            return !body_callback || body_callback(piece);
        } catch (...) {
            thrown = std::current_exception();
            return false;
        }
    }

    static std::size_t header(char* data, std::size_t, std::size_t size, void* self) noexcept {
        return static_cast<State*>(self)->take_header({data, size}) ? size : size + 1;
    }

    bool take_header(std::string_view line) noexcept {
        auto colon = line.find(':');
        if (!header_callback || colon == std::string_view::npos) return true;
        std::string_view value = line.substr(colon + 1);
        auto first = value.find_first_not_of(" \t\r\n");
        value =
            first == std::string_view::npos ? "" : value.substr(first, value.find_last_not_of(" \t\r\n") + 1 - first);
        try {
            header_callback(line.substr(0, colon), value);
            return true;
        } catch (...) {
            thrown = std::current_exception();
            return false;
        }
    }

    static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
        auto& state = *static_cast<State*>(self);
        try {
            return state.progress_callback() ? 0 : 1;
        } catch (...) {
            state.thrown = std::current_exception();
            return 1;
        }
    }

    CURL* handle;
    curl_slist* headers = nullptr;
    BodyCallback body_callback;
    HeaderCallback header_callback;
    ProgressCallback progress_callback;
    std::uint64_t body_limit = UINT64_MAX;
    std::uint64_t received = 0;
    bool limit_exceeded = false;
    std::exception_ptr thrown;
    char error_text[CURL_ERROR_SIZE] = "";
};

Easy::Easy() : state_(std::make_unique<State>()) {}
Easy::~Easy() = default;
Easy::Easy(Easy&&) noexcept = default;
Easy& Easy::operator=(Easy&&) noexcept = default;

void Easy::set_url(const std::string& url) {
    state_->set(CURLOPT_URL, url.c_str());
}

void Easy::set_head_only(bool head_only) {
    state_->set(CURLOPT_NOBODY, head_only ? 1L : 0L);
    if (!head_only) state_->set(CURLOPT_HTTPGET, 1L);
}

void Easy::set_user_agent(const std::string& name) {
    state_->set(CURLOPT_USERAGENT, name.c_str());
}

void Easy::add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(state_->headers, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    state_->headers = longer;
    state_->set(CURLOPT_HTTPHEADER, longer);
}

void Easy::set_follow_redirects(bool follow) {
    state_->set(CURLOPT_FOLLOWLOCATION, follow ? 1L : 0L);
}

void Easy::set_timeout(std::chrono::milliseconds timeout) {
    state_->set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
}

void Easy::on_body(BodyCallback callback) {
    state_->body_callback = std::move(callback);
}
void Easy::on_header(HeaderCallback callback) {
    state_->header_callback = std::move(callback);
}

void Easy::on_progress(ProgressCallback callback) {
    state_->progress_callback = std::move(callback);
    state_->set(CURLOPT_XFERINFOFUNCTION, &State::progress);
    state_->set(CURLOPT_XFERINFODATA, state_.get());
    state_->set(CURLOPT_NOPROGRESS, state_->progress_callback ? 0L : 1L);
}

void Easy::set_body_limit(std::uint64_t bytes) {
    state_->body_limit = bytes;
    auto most = static_cast<std::uint64_t>(INT64_MAX);
    state_->set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(bytes < most ? bytes : 0));
}

void Easy::perform() {
    prepare();
    check(curl_easy_perform(state_->handle));
}

int Easy::status() const {
    return static_cast<int>(state_->get(CURLINFO_RESPONSE_CODE, 0L));
}

std::string Easy::content_type() const {
    const char* value = state_->get<const char*>(CURLINFO_CONTENT_TYPE, nullptr);
    return value == nullptr ? "" : value;
}

std::string Easy::url() const {
    const char* value = state_->get<const char*>(CURLINFO_EFFECTIVE_URL, nullptr);
    return value == nullptr ? "" : value;
}

std::uint64_t Easy::body_size() const {
    return state_->received;
}

std::int64_t Easy::announced_size() const {
    return state_->get<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, -1);
}

void* Easy::native_handle() const noexcept {
    return state_->handle;
}

void Easy::prepare() {
    state_->received = 0;
    state_->limit_exceeded = false;
    state_->thrown = nullptr;
    state_->error_text[0] = '\0';
}

void Easy::check(int curl_code) {
    if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
    if (curl_code == CURLE_OK) return;
    auto os_errno = static_cast<int>(state_->get(CURLINFO_OS_ERRNO, 0L));
    if (state_->limit_exceeded) throw Error(CURLE_FILESIZE_EXCEEDED, url(), "", 0);
    throw Error(curl_code, url(), state_->error_text, os_errno);
}

}  // namespace asyncio::curl
