// http_client HOST PORT PATH: fetches a page, `./dev run http_client example.org 80 /` for instance. Without arguments
// it asks a server of its own.

#include <asyncio/asyncio.hpp>

#include <charconv>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

struct Response {
    std::string status;  // such as "HTTP/1.0 200 OK"
    std::string body;
};

asyncio::Coro<Response> get(std::string host, std::uint16_t port, std::string path) {
    auto [reader, writer] = co_await asyncio::open_connection(host, port);
    writer.write("GET " + path + " HTTP/1.0\r\nHost: " + host + "\r\n\r\n");  // 1.0: the server closes at the end
    co_await writer.drain();
    Response response;
    response.status = co_await reader.readline();
    if (!response.status.ends_with("\r\n")) throw asyncio::EOFError("the server sent no status line");
    response.status.resize(response.status.size() - 2);
    while (co_await reader.readline() != "\r\n") {  // the headers
        if (reader.at_eof()) throw asyncio::EOFError("the headers have no end");
    }
    response.body = co_await reader.read();
    co_return response;
}

asyncio::Coro<> show(std::string host, std::uint16_t port, std::string path) {
    const Response response = co_await asyncio::wait_for(get(host, port, path), 10s);
    std::printf("%s\n%s\n", response.status.c_str(), response.body.c_str());
}

asyncio::Coro<> answer(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    const std::string request = co_await reader.readuntil("\r\n\r\n");
    writer.write("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nyou asked: " +
                 request.substr(0, request.find('\r')));
    co_await writer.drain();
}

asyncio::Coro<> ask_myself() {
    auto server = co_await asyncio::start_server(answer, "127.0.0.1", 0);
    co_await show("127.0.0.1", server.port(), "/index.html");
}

int main(int argc, char** argv) {
    const std::string_view number = argc == 4 ? argv[2] : "0";
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
    if ((argc != 1 && argc != 4) || error != std::errc{} || end != number.data() + number.size()) {
        std::fputs("usage: http_client [HOST PORT PATH]\n", stderr);
        return 2;
    }
    try {
        asyncio::run(argc == 1 ? ask_myself() : show(argv[1], port, argv[3]));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "http_client: %s\n", failure.what());
        return 1;
    } catch (const asyncio::KeyboardInterrupt&) {
        return 130;  // Ctrl-C
    }
}
