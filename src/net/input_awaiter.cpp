#include <asyncio/net/input_awaiter.hpp>

#include "receive.hpp"

#include <asyncio/task/create_task.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace asyncio::detail {

namespace {

void prefetch_line(const void* object, std::size_t offset) noexcept {
    __builtin_prefetch(static_cast<const std::byte*>(object) + offset, 1);
}

}  // namespace

void InputAwaiter::refuse_second_reader(const char* name) {
    throw RuntimeError(std::string(name) + "() called while another coroutine is already waiting for incoming data");
}

bool InputAwaiter::begin(const char* name) {
    if (connection_->read_waits) [[unlikely]]
        refuse_second_reader(name);
    if (connection_->ended()) [[unlikely]]
        return receive();
    loop_.check_open();
    return receive_what_is_there();
}

/// True when the wait is over. The driver knows, without a system call, that a socket which was drained has nothing
/// new: then the operation is pending. Neither: what is there is left for the next iteration, since others wait, too.
bool InputAwaiter::receive_what_is_there() {
    while (loop_.driver().start(*this)) {
        if (result < 0 && result != -EBADF) [[unlikely]]
            throw_os_error(static_cast<int>(-result), "read from " + connection_->peername.to_string());
        if (!connection_->may_go_on()) return false;
        if (receive()) return true;
    }
    connection_->reader_waits();
    return false;
}

void InputAwaiter::proceed() noexcept {
    ++loop_.wakeups;
    loop_.make_ready(*this);
}

void InputAwaiter::prefetch_task(const Operation& operation) noexcept {
    const auto& self = static_cast<const InputAwaiter&>(operation);
    constexpr std::size_t line_size = LineAligned::line_size;
    // All of the task, which may begin anywhere in a line, and what every read and write touches of the connection.
    prefetch_line(self.task_, 0);
    prefetch_line(self.task_, line_size);
    prefetch_line(self.task_, sizeof *self.task_ - 1);
    prefetch_line(self.connection_.get(), 0);
    prefetch_line(self.connection_.get(), line_size);
}

void InputAwaiter::run(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;

    auto& self = static_cast<InputAwaiter&>(node);
    try {
        if (!self.task_->must_throw() && !self.receive() && !self.receive_what_is_there()) {
            if (!self.pending) self.proceed();
            return;
        }
    } catch (...) {
        self.error_ = std::current_exception();
    }
    self.task_->go_on();
}

// --- read ---

ReadAwaiter::operator Coro<std::string>() && {
    return await_in_task(std::move(*this));
}

bool ReadAwaiter::await_ready() {
    use();
    connection_->throw_if_broken();
    if (size_ == 0 || (size_ > 0 && !connection_->buffered().empty())) return true;
    return begin("read");
}

bool ReadAwaiter::receive() {
    const std::size_t wanted = size_ > 0 ? static_cast<std::size_t>(size_) : 0;
    if (connection_->receive_shared(data_, wanted) == -EAGAIN) return false;
    if (size_ > 0) return true;
    connection_->append(std::exchange(data_, {}));
    return connection_->eof();
}

std::string ReadAwaiter::await_resume() {
    end();
    if (size_ < 0) return connection_->take(connection_->buffered().size());
    const auto size = static_cast<std::size_t>(size_);
    if (data_.empty()) return connection_->take(size);
    if (data_.size() > size) [[unlikely]] {
        connection_->append(data_.substr(size));
        data_ = data_.substr(0, size);
    }
    return std::string(data_);
}

// --- read_into ---

ReadIntoAwaiter::operator Coro<std::size_t>() && {
    return await_in_task(std::move(*this));
}

bool ReadIntoAwaiter::await_ready() {
    use();
    connection_->throw_if_broken();
    if (target_.empty() || !connection_->buffered().empty()) return true;
    return begin("read_into");
}

bool ReadIntoAwaiter::receive() {
    const std::int64_t result = connection_->receive(target_);
    if (result == -EAGAIN) return false;
    count_ = static_cast<std::size_t>(result);
    return true;
}

std::size_t ReadIntoAwaiter::await_resume() {
    end();
    if (count_ > 0) return count_;
    const std::string_view buffered = connection_->buffered();
    const std::size_t size = std::min(buffered.size(), target_.size());
    if (size == 0) return 0;
    std::memcpy(target_.data(), buffered.data(), size);
    connection_->consume(size);
    return size;
}

// --- fill ---

bool FillAwaiter::receive() {
    std::string_view data;
    if (connection_->receive_shared(data, 0) == -EAGAIN) return false;
    connection_->append(data);
    return true;
}

}  // namespace asyncio::detail
