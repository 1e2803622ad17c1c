#include <asyncio/net/stream_reader.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace asyncio {

namespace detail {

namespace {

Coro<> fill_up_to(Connection& connection, std::size_t size) {
    connection.throw_if_broken();
    while (connection.buffered().size() < size) {
        if (connection.eof()) {
            std::string partial = connection.take(connection.buffered().size());
            throw IncompleteReadError(std::move(partial), size);
        }
        FillAwaiter more(ConnectionPtr(&connection), "readexactly");
        co_await more;
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
        FillAwaiter more(ConnectionPtr(&connection), name);
        co_await more;
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

Separators::Separators(std::vector<std::string> separators) noexcept : all_(std::move(separators)) {}

void Separators::add(std::string_view separator) {
    all_.emplace_back(separator);
}

std::vector<std::string> Separators::take() && {
    if (all_.empty()) throw std::invalid_argument("Separator should contain at least one element");
    for (const std::string& separator : all_) {
        if (separator.empty()) throw std::invalid_argument("Separator should be at least one-byte string");
    }
    return std::move(all_);
}

}  // namespace asyncio
