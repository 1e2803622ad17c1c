#include "sequential.hpp"

#include "fetch.hpp"
#include "robots_cache.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

namespace crawler {
namespace {

using asyncio::curl::Easy;
using namespace std::chrono_literals;

volatile std::sig_atomic_t interrupt_requested = 0;

/// Notes Ctrl-C for as long as it lives.
class InterruptNote {
public:
    InterruptNote() {
        interrupt_requested = 0;
        previous_ = std::signal(SIGINT, [](int) { interrupt_requested = 1; });
    }
    ~InterruptNote() { std::signal(SIGINT, previous_); }
    InterruptNote(const InterruptNote&) = delete;
    InterruptNote& operator=(const InterruptNote&) = delete;

private:
    void (*previous_)(int);
};

void pause_for(std::chrono::milliseconds pause) {
    auto end = std::chrono::steady_clock::now() + pause;
    while (interrupt_requested == 0 && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(50ms, end - std::chrono::steady_clock::now()));
    }
}

class SequentialCrawl {
public:
    SequentialCrawl(const Options& options, Progress& progress)
        : options_(options),
          progress_(progress),
          frontier_(1),
          crawl_(options, [this](Job job) { frontier_.push(std::move(job)); }),
          easy_(make_easy()) {
        easy_.on_progress([] { return interrupt_requested == 0; });
    }

    CrawlOutcome run() {
        InterruptNote note;
        crawl_.start();
        while (interrupt_requested == 0 && !crawl_.complete()) {
            auto job = frontier_.pop();
            if (!job) break;
            bool done = work_on(*job);
            frontier_.finished(*job);
            if (!done) ++abandoned_;
            show_progress();
        }
        progress_.clear();
        return crawl_.finish(frontier_.queued() + abandoned_, interrupt_requested != 0);
    }

private:
    /// False when it was interrupted.
    bool work_on(Job job) {
        if (options_.robots && !permitted(job)) {
            crawl_.forbidden(job);
            return true;
        }
        while (true) {
            double began = crawl_.seconds();
            FetchResult result = fetch(job);
            if (interrupt_requested != 0) return false;
            auto pause = crawl_.take(job, std::move(result), began);
            if (!pause) return true;
            pause_for(*pause);
            ++job.attempt;
        }
    }

    FetchResult fetch(const Job& job) {
        Purpose purpose = job.external ? Purpose::check : Purpose::read;
        FetchResult result = Fetch(easy_, crawl_.url(job), crawl_.limits(), purpose).perform_blocking();
        if (purpose == Purpose::check && refuses_head(result))
            result = Fetch(easy_, crawl_.url(job), crawl_.limits()).perform_blocking();
        return result;
    }

    bool permitted(const Job& job) {
        Url url = Url::parse(crawl_.url(job));
        const RobotsRules* rules = robots_.find(url);
        if (rules == nullptr) {
            std::string address = RobotsCache::robots_url(url).to_string();
            rules = &robots_.store(url, Fetch(easy_, address, crawl_.limits(), Purpose::robots).perform_blocking());
        }
        if (!rules->allows(path_and_query(url))) return false;
        if (auto delay = rules->crawl_delay()) pause_for(*delay);
        return true;
    }

    void show_progress() {
        auto now = std::chrono::steady_clock::now();
        if (now - shown_ < progress_.interval()) return;
        shown_ = now;
        progress_.update(crawl_.progress(frontier_.queued(), 0));
    }

    const Options& options_;
    Progress& progress_;
    Frontier frontier_;
    Crawl crawl_;
    Easy easy_;
    RobotsCache robots_;
    std::size_t abandoned_ = 0;
    std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

}  // namespace

CrawlOutcome crawl_sequentially(const Options& options, Progress& progress) {
    return SequentialCrawl(options, progress).run();
}

}  // namespace crawler
