#pragma once

#include "file_tree.hpp"
#include "request.hpp"
#include "response.hpp"

#include <asyncio/asyncio.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace static_server {

struct SiteOptions {
    /// How long a client may take to send a request, and how long to take in a piece of the answer. A connection on
    /// which nothing is going on is closed after that time, too.
    std::chrono::milliseconds timeout = std::chrono::seconds(30);
    /// Every answer is held back for so long: stands in for a distant server when everything runs on one machine.
    std::chrono::milliseconds latency{0};
    /// More connections than that are answered with 503 and closed at once, whatever the client does.
    std::size_t max_connections = 1000;
    RequestLimits limits = {};
};

/// The files of one tree, served to any number of connections.
///
///     accepted --> request --> answer --+--> goodbye (FIN, the client's rest is read and thrown away) --> closed
///                     ^                 |
///                     +-- keep-alive ---+          a client that is too slow, or gone: closed at once
class Site {
public:
    Site(FileTree tree, const SiteOptions& options) : tree_(std::move(tree)), options_(options) {}

    /// One connection, from its first request to its end. What a client does wrong never leaves this coroutine.
    ///
    /// Every connection shares the site: when the program ends, tasks that still serve are cancelled after the
    /// coroutine that made the site has returned, and touch it once more.
    static asyncio::Coro<> serve(std::shared_ptr<Site> site, asyncio::StreamReader reader,
                                 asyncio::StreamWriter writer);

private:
    asyncio::Coro<> converse(asyncio::StreamReader& reader, asyncio::StreamWriter& writer);
    asyncio::Coro<> receive(asyncio::StreamReader& reader, RequestParser& parser, std::string& unread);
    asyncio::Coro<> send(asyncio::StreamWriter& writer, Response response);
    asyncio::Coro<> say_goodbye(asyncio::StreamReader& reader, asyncio::StreamWriter& writer);

    FileTree tree_;
    SiteOptions options_;
    std::size_t connections_ = 0;
};

}  // namespace static_server
