#include <asyncio/net/connection.hpp>

#include "loop/driver/quick_socket.hpp"

#include <asyncio/base/log.hpp>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace asyncio::detail {

namespace {
constexpr std::uint32_t ignored_writes_before_warning = 5;
constexpr int discards_at_close = 4;
}  // namespace

Connection::Connection(LoopCore& loop, DescriptorPtr socket, std::size_t limit)
    : loop_(&loop),
      socket_(std::move(socket)),
      limit_(limit),
      sending_(Operation::Kind::send, socket_, &sent) {
    sending_.connection = this;
    loop.driver().peer_address(*socket_, peername);
    loop.driver().local_address(*socket_, sockname);
    if (loop.debug)
        log(LogLevel::debug, "connection " + sockname.to_string() + " - " + peername.to_string() + " opened");
}

Connection::~Connection() {
    if (!closed_) finish();  // on a closed loop, too: the owner must hear of it
}

// Not inline: GCC 12 would take each further release for a use after the delete.
[[gnu::noinline]] void Connection::destroy() noexcept {
    delete this;
}

void Connection::log_closed() const noexcept {
    try {
        log(LogLevel::debug, "connection " + sockname.to_string() + " - " + peername.to_string() + " closed");
    } catch (...) {
        // Out of memory: nobody hears of it, it is closed all the same.
    }
}

void Connection::release_writer() noexcept {
    if (--writers_ > 0 || closing_ || loop_->closed()) return;
    if (loop_->debug)
        log(LogLevel::warning, "StreamWriter to " + peername.to_string() + " was dropped without close()");
    close();
}

// --- reading ---

std::string Connection::take(std::size_t size) {
    std::string data(buffered().substr(0, size));
    consume(size);
    return data;
}

void Connection::consume(std::size_t size) noexcept {
    taken_ += std::min(size, incoming_.size() - taken_);
    if (taken_ == incoming_.size()) {
        empty_buffer(incoming_);
        taken_ = 0;
    } else if (taken_ > limit_ && taken_ > incoming_.size() / 2) {
        incoming_.erase(0, taken_);
        taken_ = 0;
    }
}

std::int64_t Connection::receive_no_more() {
    throw_if_broken();
    eof_ = true;
    return 0;
}

std::int64_t Connection::received_nothing(std::int64_t result) {
    if (result == 0) {
        eof_ = true;
        return 0;
    }
    if (result == -EAGAIN) return result;
    // Memory that is short at the moment fails this attempt alone.
    if (result == -ENOMEM || result == -ENOBUFS)
        throw_os_error(static_cast<int>(-result), "read from " + peername.to_string());
    fail(static_cast<int>(-result), "read from ");
    std::rethrow_exception(error_);
}

// --- writing ---

[[gnu::hot]] void Connection::write(std::string_view data) {
    if (!accepts_data() || data.empty()) return;
    if (outgoing_.empty()) {
        const std::int64_t result = try_send(loop_->driver(), *socket_, std::as_bytes(std::span(data)));
        if (result == static_cast<std::int64_t>(data.size())) [[likely]]
            return;
        if (result < 0 && result != -EAGAIN) return fail(static_cast<int>(-result), "send to ");
        if (result > 0) data.remove_prefix(static_cast<std::size_t>(result));
        outgoing_.append(data);
        flush();
    } else {
        outgoing_.append(data);
        flush();  // does nothing while it runs; it does not when writelines() was left by an exception
    }
    update_pause();
}

void Connection::collect(std::string_view data) {
    if (accepts_data()) outgoing_.append(data);
}

void Connection::send_collected() noexcept {
    if (closing_ || outgoing_.empty()) return;
    flush();
    update_pause();
}

bool Connection::accepts_data() {
    if (eof_wanted_) throw RuntimeError("Cannot call write() after write_eof()");
    if (closing_) [[unlikely]] {
        ignore_write();
        return false;
    }
    loop_->check_open();
    return true;
}

void Connection::ignore_write() noexcept {
    if (++ignored_writes_ < ignored_writes_before_warning && !loop_->debug) return;
    log(LogLevel::warning, "write to " + peername.to_string() + " after the connection was closed is ignored");
}

void Connection::write_eof() {
    if (eof_wanted_ || closing_) return;
    loop_->check_open();
    eof_wanted_ = true;
    if (outgoing_.empty()) all_sent();
}

void Connection::set_write_buffer_limits(std::size_t high, std::size_t low) noexcept {
    high_ = high;
    low_ = low;
    if (outgoing_.size() > high_) paused_ = true;
}

void Connection::update_pause() noexcept {
    if (!paused_) {
        paused_ = outgoing_.size() > high_;
    } else if (outgoing_.size() <= low_) {
        paused_ = false;
        while (ConnectionWaiter* waiter = drains.pop_front()) waiter->proceed();
    }
}

/// Starts sending what waits; the operation keeps the connection alive.
void Connection::flush() noexcept {
    if (sending_.pending) return;
    retain();
    advance(-EAGAIN);
}

void Connection::sent(Operation& operation) noexcept {
    static_cast<Sending&>(operation).connection->advance(operation.result);
}

/// Goes on after an operation gave `result` (-EAGAIN: none was started yet), until one is pending or all is done.
void Connection::advance(std::int64_t result) noexcept {
    const ConnectionPtr keep = ConnectionPtr::adopt(this);
    for (;;) {
        if (result > 0) outgoing_.consume(static_cast<std::size_t>(result));
        if (closed_) return;
        if (result < 0 && result != -EAGAIN) return fail(static_cast<int>(-result), "send to ");
        if (outgoing_.empty()) break;
        const auto next = outgoing_.front();
        sending_.buffer = reinterpret_cast<std::byte*>(const_cast<char*>(next.data()));
        sending_.size = next.size();
        bool done = true;
        try {
            done = loop_->driver().start(sending_);
        } catch (const std::bad_alloc&) {
            sending_.result = -ENOMEM;
        }
        if (!done) {
            retain();
            return update_pause();
        }
        result = sending_.result;
    }
    update_pause();
    all_sent();
}

void Connection::all_sent() noexcept {
    if (eof_wanted_ && !closed_) loop_->driver().shutdown_write(*socket_);
    if (!closing_) return;
    discard_input();
    finish();
}

// --- closing ---

void Connection::close() noexcept {
    if (closing_) return;
    closing_ = true;
    if (loop_->closed()) return finish();
    if (!outgoing_.empty()) return flush();
    discard_input();
    finish();
}

void Connection::abort() noexcept {
    closing_ = true;
    finish();
}

/// Closing a socket with unread input makes TCP reset the connection, and the peer may lose what was sent to it last.
/// What came while nobody read is thrown away first, as a reader that always reads would have taken it.
void Connection::discard_input() noexcept {
    if (eof_) return;
    try {
        for (int i = 0; i < discards_at_close; ++i) {
            if (try_recv(loop_->driver(), *socket_, {loop_->read_buffer(), LoopCore::read_buffer_size}) <= 0) return;
        }
    } catch (const std::bad_alloc&) {
        // No buffer: then with a reset.
    }
}

void Connection::fail(int error, const char* operation) noexcept {
    try {
        if (!error_) error_ = os_error(error, operation + peername.to_string());
    } catch (...) {
        error_ = std::current_exception();
    }
    abort();
}

void Connection::finish() noexcept {
    if (std::exchange(closed_, true)) return;
    if (loop_->debug) log_closed();
    if (references_ > 0) retain();  // the owner below may hold the last reference
    outgoing_.clear();
    if (!loop_->closed()) {
        if (sending_.pending && loop_->driver().cancel(sending_)) release();
        loop_->driver().close(*socket_);
        while (ConnectionWaiter* waiter = drains.pop_front()) waiter->proceed();
        while (ConnectionWaiter* waiter = closers.pop_front()) waiter->proceed();
    }
    if (owner != nullptr) std::exchange(owner, nullptr)->connection_closed(*this);
    if (references_ > 0) release();
}

}  // namespace asyncio::detail
