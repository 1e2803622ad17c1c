#pragma once

#include "site.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace static_server {

struct CommandLine {
    std::string root = ".";
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;
    SiteOptions site;
};

/// What the user may write, for --help and for wrong usage.
std::string_view usage();

/// Throws std::invalid_argument with one line that says what is wrong.
CommandLine parse_command_line(const std::vector<std::string_view>& arguments);

/// "20ms", "1.5s" or "3": a number is seconds. Throws std::invalid_argument.
std::chrono::milliseconds parse_duration(std::string_view text);

}  // namespace static_server
