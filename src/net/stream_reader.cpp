#include <asyncio/net/stream_reader.hpp>

#include <asyncio/net/operation_awaiter.hpp>
#include <asyncio/task/sleep.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace asyncio {

namespace detail {

namespace {

void refuse_second_reader(const Connection& connection, const char* name) {
    if (!connection.read_waits) return;
    throw RuntimeError(std::string(name) + "() called while another coroutine is already waiting for incoming data");
}

/// Marks that a reader waits, for as long as it does.
class ReadWait {
public:
    explicit ReadWait(Connection& connection) noexcept : connection_(connection) { connection_.read_waits = true; }
    ReadWait(const ReadWait&) = delete;
    ReadWait& operator=(const ReadWait&) = delete;
    ~ReadWait() { connection_.read_waits = false; }

private:
    Connection& connection_;
};

/// Receives at least one more byte into the connection's buffer, or sees the end.
Coro<> fill(Connection& connection, const char* name) {
    refuse_second_reader(connection, name);
    if (!connection.may_go_on()) {
        const ReadWait wait(connection);
        co_await sleep(Clock::duration::zero());
    }
    for (;;) {
        std::string_view data;
        const std::int64_t result = connection.receive_shared(data);
        if (result != -EAGAIN) {
            connection.append(data);
            co_return;
        }
        const ReadWait wait(connection);
        OperationAwaiter readable(connection.loop(), Operation::Kind::readable, connection.socket());
        co_await readable;
    }
}

Coro<std::string> read_some(ConnectionPtr connection, std::size_t size) {
    connection->throw_if_broken();
    if (size == 0) co_return std::string();
    if (!connection->buffered().empty()) co_return connection->take(size);
    refuse_second_reader(*connection, "read");
    if (!connection->may_go_on()) {
        const ReadWait wait(*connection);
        co_await sleep(Clock::duration::zero());
    }
    for (;;) {
        std::string_view data;
        const std::int64_t result = connection->receive_shared(data);
        if (result != -EAGAIN) {
            if (data.size() > size) {
                connection->append(data.substr(size));
                data = data.substr(0, size);
            }
            co_return std::string(data);
        }
        const ReadWait wait(*connection);
        OperationAwaiter readable(connection->loop(), Operation::Kind::readable, connection->socket());
        co_await readable;
    }
}

Coro<std::size_t> read_some_into(ConnectionPtr connection, std::span<std::byte> target) {
    connection->throw_if_broken();
    if (target.empty()) co_return 0;
    if (const std::string_view buffered = connection->buffered(); !buffered.empty()) {
        const std::size_t size = std::min(buffered.size(), target.size());
        std::memcpy(target.data(), buffered.data(), size);
        connection->consume(size);
        co_return size;
    }
    refuse_second_reader(*connection, "read");
    if (!connection->may_go_on()) {
        const ReadWait wait(*connection);
        co_await sleep(Clock::duration::zero());
    }
    for (;;) {
        const std::int64_t result = connection->receive(target);
        if (result != -EAGAIN) co_return static_cast<std::size_t>(result);
        const ReadWait wait(*connection);
        OperationAwaiter readable(connection->loop(), Operation::Kind::readable, connection->socket());
        co_await readable;
    }
}

Coro<std::string> read_all(ConnectionPtr connection) {
    connection->throw_if_broken();
    std::string all = connection->take(connection->buffered().size());
    while (!connection->eof()) {
        co_await fill(*connection, "read");
        const std::string_view data = connection->buffered();
        all.append(data);
        connection->consume(data.size());
    }
    co_return all;
}

Coro<> fill_up_to(Connection& connection, std::size_t size) {
    connection.throw_if_broken();
    while (connection.buffered().size() < size) {
        if (connection.eof()) {
            std::string partial = connection.take(connection.buffered().size());
            throw IncompleteReadError(std::move(partial), size);
        }
        co_await fill(connection, "readexactly");
    }
}

Coro<std::string> read_exactly(ConnectionPtr connection, std::size_t size) {
    co_await fill_up_to(*connection, size);
    co_return connection->take(size);
}

Coro<> read_exactly_into(ConnectionPtr connection, std::span<std::byte> target) {
    co_await fill_up_to(*connection, target.size());
    std::memcpy(target.data(), connection->buffered().data(), target.size());
    connection->consume(target.size());
}

/// Where a separator was found, or why none will be.
struct Match {
    enum class Kind { found, too_long, not_found_in_limit, end } kind;
    std::size_t start = 0;
    std::size_t end = 0;
};

/// The shortest match from `from` on.
std::optional<Match> first_match(std::string_view data, std::span<const std::string> separators, std::size_t from) {
    std::optional<Match> best;
    for (const std::string& separator : separators) {
        const std::size_t start = data.find(separator, from);
        if (start == std::string_view::npos) continue;
        const std::size_t end = start + separator.size();
        if (!best || end < best->end) best = Match{Match::Kind::found, start, end};
    }
    return best;
}

Coro<Match> find_separator(Connection& connection, std::span<const std::string> separators, const char* name) {
    connection.throw_if_broken();
    std::size_t shortest = separators.front().size();
    std::size_t longest = shortest;
    for (const std::string& separator : separators) {
        shortest = std::min(shortest, separator.size());
        longest = std::max(longest, separator.size());
    }
    std::size_t searched = 0;
    for (;;) {
        const std::string_view data = connection.buffered();
        if (data.size() - searched >= shortest) {
            if (auto match = first_match(data, separators, searched)) {
                if (match->start > connection.limit()) match->kind = Match::Kind::too_long;
                co_return *match;
            }
            // A separator may have begun in the last bytes.
            searched = data.size() + 1 > longest ? data.size() + 1 - longest : 0;
            if (searched > connection.limit()) co_return Match{Match::Kind::not_found_in_limit, searched, searched};
        }
        if (connection.eof()) co_return Match{Match::Kind::end, 0, data.size()};
        co_await fill(connection, name);
    }
}

constexpr const char* found_too_late = "Separator is found, but chunk is longer than limit";
constexpr const char* not_found = "Separator is not found, and chunk exceed the limit";

Coro<std::string> read_until(ConnectionPtr connection, std::vector<std::string> separators) {
    const Match match = co_await find_separator(*connection, separators, "readuntil");
    switch (match.kind) {
        case Match::Kind::too_long:
            throw LimitOverrunError(found_too_late, match.start);
        case Match::Kind::not_found_in_limit:
            throw LimitOverrunError(not_found, match.start);
        case Match::Kind::end:
            throw IncompleteReadError(connection->take(match.end), std::nullopt);
        case Match::Kind::found:
            break;
    }
    co_return connection->take(match.end);
}

Coro<std::string> read_line(ConnectionPtr connection) {
    static const std::string newline = "\n";
    const Match match = co_await find_separator(*connection, {&newline, 1}, "readline");
    switch (match.kind) {
        case Match::Kind::too_long:
            connection->consume(match.end);
            throw std::invalid_argument(found_too_late);
        case Match::Kind::not_found_in_limit:
            connection->consume(connection->buffered().size());
            throw std::invalid_argument(not_found);
        case Match::Kind::end:
        case Match::Kind::found:
            break;
    }
    co_return connection->take(match.end);
}

Coro<std::optional<std::string>> next_line(ConnectionPtr connection) {
    std::string line = co_await read_line(std::move(connection));
    if (line.empty()) co_return std::nullopt;
    co_return std::optional<std::string>(std::move(line));
}

}  // namespace

}  // namespace detail

Coro<std::string> StreamReader::read(std::int64_t size) {
    if (size < 0) return detail::read_all(connection_);
    return detail::read_some(connection_, static_cast<std::size_t>(size));
}
Coro<std::size_t> StreamReader::read_into(std::span<std::byte> target) {
    return detail::read_some_into(connection_, target);
}
Coro<std::string> StreamReader::readexactly(std::int64_t size) {
    if (size < 0) throw std::invalid_argument("readexactly size can not be less than zero");
    return detail::read_exactly(connection_, static_cast<std::size_t>(size));
}
Coro<> StreamReader::readexactly_into(std::span<std::byte> target) {
    return detail::read_exactly_into(connection_, target);
}
Coro<std::string> StreamReader::readline() {
    return detail::read_line(connection_);
}
Coro<std::optional<std::string>> StreamReader::next() {
    return detail::next_line(connection_);
}

Coro<std::string> StreamReader::readuntil(Separators separators) {
    return detail::read_until(connection_, std::move(separators).take());
}

std::vector<std::string> Separators::take() && {
    if (all_.empty()) throw std::invalid_argument("Separator should contain at least one element");
    for (const std::string& separator : all_) {
        if (separator.empty()) throw std::invalid_argument("Separator should be at least one-byte string");
    }
    return std::move(all_);
}

}  // namespace asyncio
