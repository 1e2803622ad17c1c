#include "command_line.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <stdexcept>

namespace static_server {

namespace {

template <class Number>
Number parse_number(std::string_view text, const char* what) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw std::invalid_argument("\"" + std::string(text) + "\" is not " + what);
    }
    return number;
}

struct Option {
    std::string_view name;
    void (*set)(CommandLine& line, std::string_view value);
};

constexpr Option options[] = {
    {"--root", [](CommandLine& line, std::string_view value) { line.root = value; }},
    {"--host", [](CommandLine& line, std::string_view value) { line.host = value; }},
    {"--port",
     [](CommandLine& line, std::string_view value) {
         line.port = parse_number<std::uint16_t>(value, "a number from 0 to 65535");
     }},
    {"--max-connections",
     [](CommandLine& line, std::string_view value) {
         line.site.max_connections = parse_number<std::size_t>(value, "a number of connections");
     }},
    {"--timeout", [](CommandLine& line, std::string_view value) { line.site.timeout = parse_duration(value); }},
    {"--latency", [](CommandLine& line, std::string_view value) { line.site.latency = parse_duration(value); }},
};

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
    const double value = parse_number<double>(number, "a duration such as 30, 1.5s or 20ms") * unit_ms;
    constexpr double day_ms = 24.0 * 60 * 60 * 1000;
    if (!(value >= 0 && value <= day_ms))
        throw std::invalid_argument("\"" + std::string(text) + "\" is not a duration of at most a day");
    return std::chrono::milliseconds(static_cast<std::int64_t>(value + 0.5));
}

CommandLine parse_command_line(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::size_t equals = arguments[i].find('=');  // --name value, or --name=value
        const std::string name(arguments[i].substr(0, equals));
        const auto* const option = std::ranges::find(options, std::string_view(name), &Option::name);
        if (option == std::end(options)) throw std::invalid_argument("unknown option " + name);
        if (equals == std::string_view::npos && ++i == arguments.size())
            throw std::invalid_argument(name + " needs a value");
        try {
            option->set(line, equals == std::string_view::npos ? arguments[i] : arguments[i].substr(equals + 1));
        } catch (const std::invalid_argument& error) {
            throw std::invalid_argument(name + ": " + error.what());
        }
    }
    return line;
}

}  // namespace static_server
