#pragma once

#include "crawl.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace crawler {

/// Crawls with as many fetches at a time as the options allow, in this thread and an event loop of its own. Ctrl-C ends
/// it early: everything started is cancelled and awaited, and the outcome is what is known so far.
CrawlOutcome crawl_concurrently(const Options& options, Progress& progress);

}  // namespace crawler
