#include "options.hpp"

#include "ascii.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace crawler {
namespace {

[[noreturn]] void bad_value(std::string_view what, std::string_view text) {
    throw UsageError("\"" + std::string(text) + "\" is not " + std::string(what));
}

struct NumberAndUnit {
    double number;
    std::string unit;
};

NumberAndUnit split_unit(std::string_view what, std::string_view text) {
    double number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || !(number >= 0) || number > 1e15) bad_value(what, text);
    return {number, lowered(text.substr(static_cast<std::size_t>(end - text.data())))};
}

std::size_t parse_count(std::string_view text, std::size_t least, std::size_t most) {
    std::size_t count = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count < least || count > most)
        bad_value("a number from " + std::to_string(least) + " to " + std::to_string(most), text);
    return count;
}

/// Walks over the arguments; knows both "--name value" and "--name=value".
class Arguments {
public:
    explicit Arguments(const std::vector<std::string>& all) : all_(all) {}

    bool next() {
        if (at_ >= all_.size()) return false;
        argument_ = all_[at_++];
        value_.reset();
        if (auto equals = argument_.find('='); argument_.starts_with("--") && equals != std::string::npos) {
            value_ = argument_.substr(equals + 1);
            argument_.resize(equals);
        }
        return true;
    }

    const std::string& name() const { return argument_; }

    std::string value() {
        if (value_) return *std::exchange(value_, std::nullopt);
        if (at_ >= all_.size()) throw UsageError(argument_ + " needs a value");
        return all_[at_++];
    }

    void expect_no_value() const {
        if (value_) throw UsageError(argument_ + " takes no value");
    }

private:
    const std::vector<std::string>& all_;
    std::size_t at_ = 0;
    std::string argument_;
    std::optional<std::string> value_;
};

constexpr std::size_t most = 1'000'000'000;

struct ValuedOption {
    std::string_view name;
    void (*set)(Options& options, const std::string& value);
};

constexpr ValuedOption valued_options[] = {
    {"--concurrency", [](Options& o, const std::string& value) { o.concurrency = parse_count(value, 1, 10'000); }},
    {"--per-host", [](Options& o, const std::string& value) { o.per_host = parse_count(value, 1, 10'000); }},
    {"--max-pages", [](Options& o, const std::string& value) { o.max_pages = parse_count(value, 1, most); }},
    {"--max-size", [](Options& o, const std::string& value) { o.max_size = parse_size(value); }},
    {"--timeout", [](Options& o, const std::string& value) { o.timeout = parse_duration(value); }},
    {"--retries",
     [](Options& o, const std::string& value) { o.retries = static_cast<int>(parse_count(value, 0, 100)); }},
    {"--json", [](Options& o, const std::string& value) { o.json_file = value; }},
    {"--timeline", [](Options& o, const std::string& value) { o.timeline_file = value; }},
};

/// True when the argument is an option that takes a value, which is then stored.
bool read_valued_option(Options& options, Arguments& arguments) {
    const auto* const option =
        std::ranges::find(valued_options, std::string_view(arguments.name()), &ValuedOption::name);
    if (option == std::end(valued_options)) return false;
    const std::string value = arguments.value();
    try {
        option->set(options, value);
    } catch (const UsageError& error) {
        throw UsageError(arguments.name() + ": " + error.what());
    }
    return true;
}

bool read_switch(Options& options, const Arguments& arguments) {
    const std::string& name = arguments.name();
    if (name == "--sequential")
        options.sequential = true;
    else if (name == "--robots")
        options.robots = true;
    else if (name == "--external")
        options.external = true;
    else if (name == "--help" || name == "-h")
        options.help = true;
    else if (name == "--version")
        options.version = true;
    else
        return false;
    arguments.expect_no_value();
    return true;
}

}  // namespace

Options parse_options(const std::vector<std::string>& all) {
    Options options;
    Arguments arguments(all);
    bool only_urls = false;
    while (arguments.next()) {
        if (!only_urls && arguments.name() == "--") {
            only_urls = true;
        } else if (!only_urls && arguments.name().starts_with('-')) {
            if (!read_switch(options, arguments) && !read_valued_option(options, arguments))
                throw UsageError("unknown option " + arguments.name());
        } else {
            options.urls.push_back(arguments.name());
        }
    }
    if (options.urls.empty() && !options.help && !options.version) throw UsageError("no URL given");
    if (options.timeout.count() == 0) throw UsageError("--timeout must be longer than nothing");
    return options;
}

std::chrono::milliseconds parse_duration(std::string_view text) {
    auto [number, unit] = split_unit("a duration such as 30s or 500ms", text);
    double seconds = number;
    if (unit == "ms")
        seconds = number / 1000;
    else if (unit == "m" || unit == "min")
        seconds = number * 60;
    else if (!unit.empty() && unit != "s")
        bad_value("a duration such as 30s or 500ms", text);
    if (seconds > 86400) bad_value("a duration of at most a day", text);
    return std::chrono::milliseconds(static_cast<long>(seconds * 1000));
}

std::uint64_t parse_size(std::string_view text) {
    auto [number, unit] = split_unit("a size such as 512k or 10M", text);
    if (unit.ends_with("ib"))
        unit.resize(unit.size() - 2);
    else if (unit.ends_with("b"))
        unit.resize(unit.size() - 1);
    int power = unit.empty() ? 0 : unit == "k" ? 1 : unit == "m" ? 2 : unit == "g" ? 3 : -1;
    if (power < 0) bad_value("a size such as 512k or 10M", text);
    for (; power > 0; --power) number *= 1024;
    if (number < 1 || number > 1e12) bad_value("a size from 1 byte to 1000 GB", text);
    return static_cast<std::uint64_t>(number);
}

std::string_view usage() {
    return R"(Usage: asyncio-crawl [OPTION]... URL...

Follows the links of the pages at the URLs, within their hosts (whatever the port), and checks every link and anchor.

  --concurrency N   fetches at a time (64)
  --per-host N      fetches at a time from one host (as many as --concurrency allows)
  --max-pages N     stop after N pages; links that were not fetched by then are counted, not checked
  --max-size SIZE   longest page that is read, decompressed: 4096, 512k, 10M (10M)
  --timeout TIME    for one fetch, from name look-up to last byte: 30, 30s, 500ms, 2m (30s)
  --retries N       further tries after a passing failure, with growing delay; Retry-After is obeyed (2)
  --robots          obey robots.txt
  --external        check links to other hosts too, with HEAD (they are never followed)
  --sequential      one blocking fetch after the other, for comparison
  --json FILE       write the report as JSON
  --timeline FILE   write an HTML page that shows each fetch as a bar over time
  --help, --version

Exit status: 0 all links are good, 1 some are broken, 2 wrong usage, 130 interrupted (the report so far is printed).
)";
}

}  // namespace crawler
