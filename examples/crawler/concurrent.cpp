#include "concurrent.hpp"

#include "fetch.hpp"
#include "robots_cache.hpp"
#include "work_queue.hpp"

#include <asyncio/integrations/curl/curl.hpp>
#include <asyncio/task/async_with.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/run.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/task/task_group.hpp>

namespace crawler {
namespace {

using asyncio::Coro;
using asyncio::TaskGroup;
using asyncio::curl::Easy;
using asyncio::curl::Multi;

/// One crawl by many workers that share a queue: the classic of asyncio tutorials.
class ConcurrentCrawl {
public:
    ConcurrentCrawl(const Options& options, Progress& progress)
        : options_(options),
          progress_(progress),
          queue_(options.per_host.value_or(options.concurrency)),
          crawl_(options, [this](Job job) { queue_.push(std::move(job)); }) {}

    Coro<> run() {
        crawl_.start();
        Multi multi({.max_cached_connections = static_cast<long>(options_.concurrency)});
        auto reporter = asyncio::create_task(report_progress(), {.name = "progress"});
        co_await asyncio::async_with(TaskGroup{}, [&](TaskGroup& group) -> Coro<> {
            for (std::size_t i = 0; i < options_.concurrency; ++i) group.create_task(worker(group, multi));
            co_return;
        });
        reporter.cancel();
    }

    CrawlOutcome finish(bool interrupted) { return crawl_.finish(queue_.unfinished(), interrupted); }

private:
    Coro<> worker(TaskGroup& group, Multi& multi) {
        Easy easy = make_easy();
        while (auto job = co_await queue_.next()) {
            if (options_.robots && !co_await permitted(*job, easy, multi)) {
                crawl_.forbidden(*job);
                queue_.finished(*job);
                continue;
            }
            double began = crawl_.seconds();
            FetchResult result = co_await fetch(*job, easy, multi);
            if (auto pause = crawl_.take(*job, std::move(result), began)) {
                queue_.set_aside(*job);
                group.create_task(try_again(*job, *pause));
            } else {
                queue_.finished(*job);
            }
            if (crawl_.complete()) queue_.close();
        }
    }

    Coro<FetchResult> fetch(const Job& job, Easy& easy, Multi& multi) {
        Purpose purpose = job.external ? Purpose::check : Purpose::read;
        FetchResult result = co_await Fetch(easy, crawl_.url(job), crawl_.limits(), purpose).perform(multi);
        if (purpose == Purpose::check && refuses_head(result))
            result = co_await Fetch(easy, crawl_.url(job), crawl_.limits()).perform(multi);
        co_return result;
    }

    Coro<> try_again(Job job, std::chrono::milliseconds pause) {
        co_await asyncio::sleep(pause);
        ++job.attempt;
        queue_.comes_back(std::move(job));
    }

    /// Asks the host's robots.txt, which is fetched before anything else from there, and waits as long as it demands.
    Coro<bool> permitted(const Job& job, Easy& easy, Multi& multi) {
        Url url = Url::parse(crawl_.url(job));
        const RobotsRules* rules = robots_.find(url);
        if (rules == nullptr) {
            std::string address = RobotsCache::robots_url(url).to_string();
            FetchResult answer = co_await Fetch(easy, address, crawl_.limits(), Purpose::robots).perform(multi);
            rules = &robots_.store(url, answer);
        }
        if (!rules->allows(path_and_query(url))) co_return false;
        if (auto delay = rules->crawl_delay()) {
            queue_.limit_host(job.host, 1);
            co_await asyncio::sleep(*delay);
        }
        co_return true;
    }

    Coro<> report_progress() {
        while (true) {
            co_await asyncio::sleep(progress_.interval());
            progress_.update(crawl_.progress(queue_.queued(), queue_.in_flight()));
        }
    }

    const Options& options_;
    Progress& progress_;
    WorkQueue queue_;
    Crawl crawl_;
    RobotsCache robots_;
};

}  // namespace

CrawlOutcome crawl_concurrently(const Options& options, Progress& progress) {
    ConcurrentCrawl crawl(options, progress);
    bool interrupted = false;
    try {
        asyncio::run(crawl.run());
    } catch (const asyncio::KeyboardInterrupt&) {
        interrupted = true;
    }
    progress.clear();
    return crawl.finish(interrupted);
}

}  // namespace crawler
