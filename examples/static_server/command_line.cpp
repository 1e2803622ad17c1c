#include "command_line.hpp"

#include <charconv>
#include <stdexcept>

namespace static_server {

namespace {

template <class Number>
Number parse_number(std::string_view text, std::string_view what) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw std::invalid_argument(std::string(what) + ": \"" + std::string(text) + "\" is not acceptable");
    }
    return number;
}

}  // namespace

std::string_view usage() {
    return "usage: static_server [--root DIR] [--host HOST] [--port N] [--max-connections N] [--timeout S] [--latency "
           "T]\n"
           "\n"
           "  --root DIR            what to serve (.)\n"
           "  --host HOST           address to listen on (127.0.0.1)\n"
           "  --port N              port to listen on; 0: any that is free (8000)\n"
           "  --max-connections N   more at a time are answered with 503 (1000)\n"
           "  --timeout S           for a request to arrive, and for a client to take in a piece of the answer (30)\n"
           "  --latency T           hold every answer back, such as 20ms: stands in for a distant server (0)\n";
}

std::chrono::milliseconds parse_duration(std::string_view text) {
    std::string_view number = text;
    double unit_ms = 1000;
    if (number.ends_with("ms")) {
        unit_ms = 1;
        number.remove_suffix(2);
    } else if (number.ends_with("s")) {
        number.remove_suffix(1);
    }
    const double value = parse_number<double>(number, "duration") * unit_ms;
    constexpr double day_ms = 24.0 * 60 * 60 * 1000;
    if (!(value >= 0 && value <= day_ms))
        throw std::invalid_argument("duration: \"" + std::string(text) + "\" is out of range");
    return std::chrono::milliseconds(static_cast<std::int64_t>(value + 0.5));
}

CommandLine parse_command_line(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        const std::string_view name = arguments[i];
        if (i + 1 == arguments.size())
            throw std::invalid_argument(std::string(name) + ": unknown, or its value is missing");
        const std::string_view value = arguments[i + 1];
        if (name == "--root") {
            line.root = value;
        } else if (name == "--host") {
            line.host = value;
        } else if (name == "--port") {
            line.port = parse_number<std::uint16_t>(value, name);
        } else if (name == "--max-connections") {
            line.site.max_connections = parse_number<std::size_t>(value, name);
        } else if (name == "--timeout") {
            line.site.timeout = parse_duration(value);
        } else if (name == "--latency") {
            line.site.latency = parse_duration(value);
        } else {
            throw std::invalid_argument(std::string(name) + ": unknown option");
        }
    }
    return line;
}

}  // namespace static_server
