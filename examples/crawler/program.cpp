#include "program.hpp"

#include "concurrent.hpp"
#include "options.hpp"
#include "report.hpp"
#include "sequential.hpp"
#include "timeline.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace crawler {
namespace {

constexpr int all_good = 0;
constexpr int some_broken = 1;
constexpr int wrong_usage = 2;
constexpr int interrupted = 130;

/// A file of the command line, opened before the crawl so that a wrong name is noticed then and not an hour later.
class OutputFile {
public:
    explicit OutputFile(const std::string& name) : name_(name) {
        if (name.empty()) return;
        file_ = std::fopen(name.c_str(), "w");
        if (file_ == nullptr) throw UsageError("cannot write " + name + ": " + std::strerror(errno));
    }
    ~OutputFile() {
        if (file_ != nullptr) std::fclose(file_);
    }
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    explicit operator bool() const { return file_ != nullptr; }

    void write(const std::string& text) {
        bool written = std::fwrite(text.data(), 1, text.size(), file_) == text.size();
        if (!written || std::fflush(file_) != 0)
            throw std::runtime_error("cannot write " + name_ + ": " + std::strerror(errno));
    }

private:
    std::string name_;
    std::FILE* file_ = nullptr;
};

std::string title(const Options& options) {
    return std::string(options.sequential ? "Sequential" : "Concurrent") + " crawl of " + options.urls.front();
}

int crawl(const Options& options) {
    OutputFile json(options.json_file);
    OutputFile timeline(options.timeline_file);
    Progress progress(stderr, isatty(STDERR_FILENO) == 1);

    CrawlOutcome outcome =
        options.sequential ? crawl_sequentially(options, progress) : crawl_concurrently(options, progress);

    std::fputs(to_text(outcome.report).c_str(), stdout);
    std::fflush(stdout);
    if (json) json.write(to_json(outcome.report));
    if (timeline) timeline.write(timeline_page(outcome.timeline, title(options)));
    if (outcome.report.interrupted) return interrupted;
    return outcome.report.broken.empty() ? all_good : some_broken;
}

int run(const std::vector<std::string>& arguments) {
    Options options = parse_options(arguments);
    if (options.help) {
        std::fputs(std::string(usage()).c_str(), stdout);
        return all_good;
    }
    if (options.version) {
        std::puts("asyncio-crawl " ASYNCIO_CRAWL_VERSION);
        return all_good;
    }
    return crawl(options);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
    // A server that hangs up, or a reader of our output that does, is an error to be handled and no reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(arguments);
    } catch (const UsageError& error) {
        std::fprintf(stderr, "asyncio-crawl: %s\nTry asyncio-crawl --help.\n", error.what());
        return wrong_usage;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "asyncio-crawl: %s\n", error.what());
        return some_broken;
    }
}

}  // namespace crawler
