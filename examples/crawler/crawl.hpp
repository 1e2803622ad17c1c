#pragma once

#include "fetch.hpp"
#include "frontier.hpp"
#include "html.hpp"
#include "link_table.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "retry.hpp"
#include "timeline.hpp"
#include "url.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace crawler {

/// What is left when a crawl is over.
struct CrawlOutcome {
    Report report;
    std::vector<TimelineBar> timeline;  ///< Empty unless Options::timeline_file is set.
};

/// Everything a crawl knows and decides, but for how fetches are made and waited for: which URLs belong to it, what an
/// answer means, what is to be fetched next. Concurrent and sequential crawls share it.
class Crawl {
public:
    /// How many bytes of URLs the links of one page may take when written out; the other links are left out. A hostile
    /// page makes much out of little by a long `<base href>`.
    static constexpr std::size_t most_link_bytes = std::size_t{16} << 20;

    /// `enqueue` receives each job that the crawl wants done.
    Crawl(const Options& options, std::function<void(Job)> enqueue);

    /// Enqueues the URLs of the command line.
    void start();

    const std::string& url(const Job& job) const { return table_.url(job.url); }
    FetchLimits limits() const { return {options_.max_size, options_.timeout}; }

    /// No more fetches are to be made: --max-pages is reached.
    bool complete() const { return options_.max_pages && report_.pages >= *options_.max_pages; }

    /// Takes note of an answer. Returns the pause after which the job is to be tried again, nothing when it is done
    /// with.
    std::optional<std::chrono::milliseconds> take(const Job& job, FetchResult result, double began);

    /// robots.txt forbids this one.
    void forbidden(const Job& job);

    /// Seconds since the crawl was made.
    double seconds() const;

    ProgressCounts progress(std::size_t queued, std::size_t in_flight) const;

    /// The outcome, once the crawl is over. `left` is the number of jobs left undone.
    CrawlOutcome finish(std::size_t left, bool interrupted);

private:
    void record_bar(const Job& job, const FetchResult& result, double began);
    std::optional<std::chrono::milliseconds> pause_before_retry(const Job& job, const FetchResult& result) const;
    void judge(const Job& job, FetchResult& result, double took);
    void follow_redirect(const Job& job, const FetchResult& result);
    void read_page(const Job& job, FetchResult& result);
    void take_links(UrlId page, const Url& base, const std::vector<Link>& links);
    void take_link(const Url& target, Place place);
    std::optional<UrlId> known(const Url& target);
    void add_broken(std::string url, std::string reason, const Place& place);
    void add_row(BrokenLink row);

    const Options& options_;
    std::function<void(Job)> enqueue_;
    RetryPolicy retry_;
    std::set<std::string> hosts_;
    Report report_;
    LinkTable table_;
    std::vector<TimelineBar> timeline_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace crawler
