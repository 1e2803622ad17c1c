#include "site.hpp"

#include <algorithm>
#include <ctime>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace static_server {

namespace {

using namespace std::chrono_literals;

// How much of a file is in memory at a time, for each connection.
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t read_size = 16 * 1024;

/// Counts a connection for as long as it is served, however it ends.
class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

private:
    std::size_t& count_;
};

asyncio::Coro<> discard_until_end(asyncio::StreamReader& reader) {
    // Not as a condition of the loop: GCC 12 compiles an await there, with nothing but `continue` behind it, to a trap.
    while (true) {
        std::string piece = co_await reader.read(read_size);
        if (piece.empty()) co_return;
    }
}

}  // namespace

asyncio::Coro<> Site::serve(std::shared_ptr<Site> site, asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    const Counted counted(site->connections_);
    try {
        if (site->connections_ > site->options_.max_connections) {
            Response response = error_response(503);
            co_await site->send(writer, std::move(response));
            // No goodbye: while the server waits for a client it has refused, that one costs what it was refused for.
            writer.close();
            co_return;
        }
        co_await site->converse(reader, writer);
        co_await site->say_goodbye(reader, writer);
    } catch (const std::exception&) {
        // The client is gone, takes nothing in, or the file changed while it was sent: what was promised cannot be
        // kept, and only an aborted connection tells the client so.
        writer.abort();
    }
}

asyncio::Coro<> Site::converse(asyncio::StreamReader& reader, asyncio::StreamWriter& writer) {
    RequestParser parser(options_.limits);
    std::string unread;
    for (bool keep_alive = true; keep_alive;) {
        int refusal = 0;
        try {
            co_await asyncio::wait_for(receive(reader, parser, unread), options_.timeout);
            refusal = parser.error_status();
        } catch (const asyncio::TimeoutError&) {
            if (parser.started()) refusal = 408;
        }
        if (refusal == 0 && !parser.complete()) co_return;  // the client has ended, or was silent for too long

        if (options_.latency > 0ms) co_await asyncio::sleep(options_.latency);
        Response response = refusal == 0 ? respond(parser.take(), tree_) : error_response(refusal);
        keep_alive = response.keep_alive;
        co_await send(writer, std::move(response));
    }
}

/// Feeds the parser until it has a request or refuses one, or until the client sends no more.
asyncio::Coro<> Site::receive(asyncio::StreamReader& reader, RequestParser& parser, std::string& unread) {
    while (!parser.complete() && parser.error_status() == 0) {
        if (unread.empty()) unread = co_await reader.read(read_size);
        if (unread.empty()) co_return;
        unread.erase(0, parser.feed(unread));
    }
}

asyncio::Coro<> Site::send(asyncio::StreamWriter& writer, Response response) {
    std::string piece = response.head(std::time(nullptr));
    if (response.sends_body) piece += response.text;
    // The head travels with the first piece of the file: one system call and one packet for small files.
    std::uint64_t offset = response.range.first;
    std::uint64_t left = response.file && response.sends_body ? response.range.length : 0;
    for (;;) {
        if (left > 0) {
            const std::string content = response.file->read(offset, std::min<std::uint64_t>(left, piece_size));
            if (content.empty()) throw std::runtime_error(response.file->name() + " has become shorter");
            offset += content.size();
            left -= content.size();
            piece += content;
        }
        writer.write(piece);
        co_await asyncio::wait_for(writer.drain(), options_.timeout);
        if (left == 0) co_return;
        piece.clear();
    }
}

/// Ends the connection so that the last answer arrives: closing a socket while the client still sends would reset the
/// connection, and the client would lose what it has not read yet.
asyncio::Coro<> Site::say_goodbye(asyncio::StreamReader& reader, asyncio::StreamWriter& writer) {
    writer.write_eof();
    co_await asyncio::wait_for(discard_until_end(reader), options_.timeout);
    writer.close();
    co_await asyncio::wait_for(writer.wait_closed(), options_.timeout);
}

}  // namespace static_server
