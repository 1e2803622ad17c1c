#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace crawler {

/// The command line of asyncio-crawl.
struct Options {
    std::vector<std::string> urls;
    std::size_t concurrency = 64;
    std::optional<std::size_t> per_host;  ///< As many as concurrency allows, if not given.
    std::optional<std::size_t> max_pages;
    std::uint64_t max_size = 10u << 20;  ///< Bytes of one body, after decompression.
    std::chrono::milliseconds timeout{30'000};
    int retries = 2;
    std::string json_file;
    std::string timeline_file;
    bool sequential = false;
    bool robots = false;
    bool external = false;
    bool help = false;
    bool version = false;
};

/// Wrong usage; `what()` says what is wrong with which argument.
class UsageError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// Reads the arguments after the program's name. Throws UsageError.
Options parse_options(const std::vector<std::string>& arguments);

/// The text of --help.
std::string_view usage();

/// "30", "30s", "1.5s", "500ms", "2m". Throws UsageError.
std::chrono::milliseconds parse_duration(std::string_view text);

/// "4096", "512k", "10M", "10MiB", "1G": powers of 1024. Throws UsageError.
std::uint64_t parse_size(std::string_view text);

}  // namespace crawler
