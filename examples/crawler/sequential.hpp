#pragma once

#include "crawl.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace crawler {

/// The same crawl the way a program without a loop does it: one blocking fetch after the other. For comparison. Ctrl-C
/// ends it early with what is known so far.
CrawlOutcome crawl_sequentially(const Options& options, Progress& progress);

}  // namespace crawler
