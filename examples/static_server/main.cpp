// static_server: a small HTTP/1.1 server for the files of one directory. See usage() in command_line.cpp.
//
// Where to read on: request.hpp (bytes become requests), response.hpp (requests become answers), site.cpp (a
// connection).

#include "command_line.hpp"
#include "shutdown_signal.hpp"
#include "site.hpp"

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace {

using namespace static_server;

asyncio::Coro<> serve(const CommandLine& line) {
    ShutdownSignal shutdown;
    const auto site = std::make_shared<Site>(FileTree(line.root), line.site);
    auto on_connection = [site](asyncio::StreamReader reader, asyncio::StreamWriter writer) {
        return Site::serve(site, std::move(reader), std::move(writer));
    };
    auto server = co_await asyncio::start_server(on_connection, line.host, line.port);
    std::printf("serving %s on http://%s:%d/\n", line.root.c_str(), line.host.c_str(), server.port());
    std::fflush(stdout);
    co_await shutdown.wait();
    server.close();  // connections that are open still are cancelled when the loop ends
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
        std::fputs(usage().data(), stdout);
        return 0;
    }
    try {
        const CommandLine line = parse_command_line({argv + 1, argv + argc});
        asyncio::run(serve(line));
    } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "static_server: %s\n\n%s", error.what(), usage().data());
        return 2;
    } catch (const std::filesystem::filesystem_error& error) {
        std::fprintf(stderr, "static_server: cannot serve %s: %s\n", error.path1().c_str(),
                     error.code().message().c_str());
        return 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "static_server: %s\n", error.what());
        return 1;
    }
}
