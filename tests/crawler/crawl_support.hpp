#pragma once

#include "crawler/concurrent.hpp"
#include "crawler/sequential.hpp"
#include "hostile_server.hpp"

#include <string>
#include <utility>

namespace crawler::testing {

/// A crawl that is short of patience, so that tests are quick.
inline Options quick(std::vector<std::string> urls) {
    Options options;
    options.urls = std::move(urls);
    options.timeout = std::chrono::minutes(1);
    options.retries = 0;
    return options;
}

/// A crawl without a word on the terminal.
inline CrawlOutcome crawl(const Options& options) {
    std::FILE* nowhere = std::fopen("/dev/null", "w");
    Progress progress(nowhere, false);
    CrawlOutcome outcome =
        options.sequential ? crawl_sequentially(options, progress) : crawl_concurrently(options, progress);
    std::fclose(nowhere);
    return outcome;
}

/// "line url reason" per broken link, with the server's address cut off.
inline std::string rows(const Report& report, const HostileServer& server) {
    std::string text;
    for (const BrokenLink& link : report.broken)
        text += std::to_string(link.line) + " " + link.url + " " + link.reason + "\n";
    std::string prefix = server.url("");
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
}

}  // namespace crawler::testing
