#include <asyncio/net/input_awaiter.hpp>

#include "receive.hpp"

#include <asyncio/base/cache_line.hpp>
#include <asyncio/task/create_task.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace asyncio::detail {

namespace {

// Not inline, here and below: what is rarer stays out of the way of every read.
[[noreturn, gnu::noinline]] void throw_read_error(const Connection& connection, std::int64_t result) {
    throw_os_error(static_cast<int>(-result), "read from " + connection.peername.to_string());
}

/// Receives into the connection's buffer; false when nothing came.
[[gnu::noinline]] bool receive_into_buffer(Connection& connection) {
    std::string_view data;
    if (connection.receive_shared(data, 0) == -EAGAIN) return false;
    connection.append(data);
    return true;
}

/// The result of a read that did not receive just what it gives.
[[gnu::noinline]] std::string take_rest(Connection& connection, std::string_view received, std::int64_t size) {
    if (size < 0) return connection.take(connection.buffered().size());
    const auto most = static_cast<std::size_t>(size);
    if (received.empty()) return connection.take(most);
    connection.append(received.substr(most));
    return std::string(received.substr(0, most));
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
[[gnu::hot]] bool InputAwaiter::receive_what_is_there() {
    while (loop_.driver().start(*this)) {
        if (result < 0 && result != -EBADF) [[unlikely]]
            throw_read_error(*connection_, result);
        if (!connection_->may_go_on()) return false;
        if (receive()) return true;
    }
    connection_->reader_waits();
    return false;
}

[[gnu::hot]] void InputAwaiter::proceed() noexcept {
    ++loop_.wakeups;
    loop_.make_ready(*this);
}

[[gnu::hot]] void InputAwaiter::prefetch_task(const Operation& operation) noexcept {
    const auto& self = static_cast<const InputAwaiter&>(operation);
    // All of the task, which may begin anywhere in a line, and what every read and write touches of the connection.
    prefetch_line(self.task_);
    prefetch_line(self.task_, line_size);
    prefetch_line(self.task_, sizeof *self.task_ - 1);
    prefetch_line(self.connection_.get());
    prefetch_line(self.connection_.get(), line_size);
}

bool InputAwaiter::receive_now() {
    return receive();
}

/// read() has one of its own, in which receiving is inline; the others share one.
template <class Awaiter>
void InputAwaiter::run_as(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;

    auto& self = static_cast<Awaiter&>(static_cast<InputAwaiter&>(node));
    try {
        if (!self.task_->must_throw() && !self.receive_now() && !self.receive_what_is_there()) {
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

[[gnu::hot]] bool ReadAwaiter::await_ready() {
    use();
    connection_->throw_if_broken();
    if (size_ == 0 || (size_ > 0 && !connection_->buffered().empty())) return true;
    return begin("read");
}

bool ReadAwaiter::receive() {
    return receive_now();
}

[[gnu::always_inline]] inline bool ReadAwaiter::receive_now() {
    if (size_ < 0) return receive_into_buffer(*connection_) && connection_->eof();
    return connection_->receive_shared(data_, static_cast<std::size_t>(size_)) != -EAGAIN;
}

template void InputAwaiter::run_as<InputAwaiter>(ReadyNode&, Turn);
template void InputAwaiter::run_as<ReadAwaiter>(ReadyNode&, Turn);

[[gnu::hot]] std::string ReadAwaiter::await_resume() {
    end();
    if (size_ < 0 || data_.empty() || data_.size() > static_cast<std::size_t>(size_))
        return take_rest(*connection_, data_, size_);
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
    return receive_into_buffer(*connection_);
}

}  // namespace asyncio::detail
