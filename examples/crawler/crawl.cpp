#include "crawl.hpp"

#include "fetch_failure.hpp"
#include "redirect.hpp"

namespace crawler {
namespace {

constexpr std::size_t most_bars = 200'000;

/// The report has a row for each place of a link, so a row must not be long.
std::string shortened(std::string text) {
    return text.size() <= 2000 ? std::move(text) : text.substr(0, 2000) + "...";
}

std::string too_many_links(std::size_t left_out) {
    return "links of more than " + std::to_string(Crawl::most_link_bytes >> 20) +
           " MiB on one page: " + std::to_string(left_out) + " left out from here on";
}

}  // namespace

Crawl::Crawl(const Options& options, std::function<void(Job)> enqueue)
    : options_(options),
      enqueue_(std::move(enqueue)),
      table_([this](BrokenLink link) { add_row(std::move(link)); }) {
    retry_.retries = options.retries;
}

void Crawl::start() {
    std::vector<Url> urls;
    for (const std::string& text : options_.urls) {
        ++report_.links;
        try {
            Url url = Url::parse(text);
            if (!url.is_http()) throw InvalidUrl("scheme \"" + url.scheme + "\" is not supported");
            hosts_.insert(url.host);
            urls.push_back(std::move(url));
        } catch (const InvalidUrl& error) {
            add_broken(text, error.what(), {});
        }
    }
    // Only now, as each URL may belong to a host that a later one names.
    for (const Url& url : urls) take_link(url, {});
}

std::optional<std::chrono::milliseconds> Crawl::take(const Job& job, FetchResult result, double began) {
    ++report_.fetches;
    report_.bytes += result.bytes;
    if (job.attempt > 0) ++report_.retries;
    record_bar(job, result, began);
    if (auto pause = pause_before_retry(job, result)) return pause;
    try {
        judge(job, result, seconds() - began);
    } catch (const std::exception& error) {
        // One page that is too much for us must not end the crawl.
        table_.settle_broken(job.url, std::string("internal error: ") + error.what());
    }
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> Crawl::pause_before_retry(const Job& job, const FetchResult& result) const {
    if (!result.transient || job.attempt >= retry_.retries || complete()) return std::nullopt;
    if (!result.retry_after || !result.failure.empty()) return retry_.delay(job.attempt + 1);
    auto asked = parse_retry_after(*result.retry_after, std::chrono::system_clock::now());
    if (!asked) return retry_.delay(job.attempt + 1);
    if (*asked > retry_.longest_retry_after) return std::nullopt;
    return asked;
}

void Crawl::judge(const Job& job, FetchResult& result, double took) {
    if (!result.failure.empty()) return table_.settle_broken(job.url, result.failure);
    if (is_redirect(result.status)) return follow_redirect(job, result);
    if (result.status < 200 || result.status >= 300) return table_.settle_broken(job.url, status_reason(result.status));
    if (!result.html || job.external) return table_.settle_good(job.url, std::nullopt);
    // Fetches that were under way when the last page wanted came in are good links, but no pages.
    if (complete()) return table_.settle_good(job.url, std::nullopt);
    ++report_.pages;
    report_.note_page_time(url(job), took);
    read_page(job, result);
}

void Crawl::follow_redirect(const Job& job, const FetchResult& result) {
    try {
        Url target = redirect_target(Url::parse(url(job)), result.status, result.location);
        report_.redirects.push_back({shortened(url(job)), shortened(target.to_string()), result.status});
        // Before the target becomes known, or a chain without end would go on with it.
        if (table_.redirects_exhausted(job.url)) throw InvalidUrl(LinkTable::too_many_redirects());
        std::string fragment = target.fragment.value_or("");
        if (auto id = known(target))
            table_.settle_redirect(job.url, *id, fragment);
        else
            table_.settle_unchecked(job.url);
    } catch (const InvalidUrl& error) {
        table_.settle_broken(job.url, error.what());
    }
}

void Crawl::read_page(const Job& job, FetchResult& result) {
    HtmlDocument document = read_html(std::move(result.body), result.content_type);
    for (const Defect& defect : document.defects) add_broken(url(job), defect.reason, {job.url, defect.line});
    // First, so that links of the page to itself find its anchors.
    table_.settle_good(job.url, document.anchors);
    Url base = Url::parse(url(job));
    if (document.base) {
        try {
            base = base.resolve(*document.base);
        } catch (const InvalidUrl&) {
            // Browsers ignore a base that is none.
        }
    }
    take_links(job.url, base, document.links);
}

void Crawl::take_links(UrlId page, const Url& base, const std::vector<Link>& links) {
    report_.links += links.size();
    std::size_t base_size = base.to_string().size();
    std::size_t room = most_link_bytes;
    for (const Link& link : links) {
        Place place{page, link.line};
        if (std::size_t size = base_size + link.reference.size(); size <= room) {
            room -= size;
        } else {
            auto left_out = links.size() - static_cast<std::size_t>(&link - links.data());
            return add_broken(table_.url(page), too_many_links(left_out), place);
        }
        try {
            take_link(base.resolve(link.reference), place);
        } catch (const InvalidUrl& error) {
            add_broken(link.reference, error.what(), place);
        }
    }
}

void Crawl::take_link(const Url& target, Place place) {
    if (!target.is_http()) {
        ++report_.other_schemes;
        return;
    }
    if (!options_.external && !hosts_.contains(target.host)) {
        ++report_.other_hosts;
        return;
    }
    if (auto id = known(target)) table_.link(*id, target.fragment.value_or(""), place);
}

/// The id of a URL; one that is new is enqueued, if it may be fetched at all. Nothing when the table is full.
std::optional<UrlId> Crawl::known(const Url& target) {
    auto added = table_.add(target.without_fragment());
    if (!added) {
        ++report_.beyond_limits;
        return std::nullopt;
    }
    if (!added->is_new) return added->id;
    bool external = !hosts_.contains(target.host);
    if (external && !options_.external)
        table_.settle_unchecked(added->id);
    else
        enqueue_(Job{.url = added->id, .host = target.host, .external = external});
    return added->id;
}

void Crawl::forbidden(const Job& job) {
    ++report_.forbidden;
    table_.settle_unchecked(job.url);
}

void Crawl::add_broken(std::string url, std::string reason, const Place& place) {
    BrokenLink row{.url = std::move(url), .reason = std::move(reason)};
    if (place.page != command_line) row.page = table_.url(place.page);
    row.line = place.line;
    add_row(std::move(row));
}

void Crawl::add_row(BrokenLink row) {
    for (std::string* text : {&row.url, &row.reason, &row.page}) *text = shortened(std::move(*text));
    report_.broken.push_back(std::move(row));
}

void Crawl::record_bar(const Job& job, const FetchResult& result, double began) {
    if (options_.timeline_file.empty() || timeline_.size() >= most_bars) return;
    std::string failure = result.failure;
    if (failure.empty() && result.status >= 400) failure = status_reason(result.status);
    timeline_.push_back({url(job), began, seconds(), result.status, result.bytes, std::move(failure)});
}

double Crawl::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

ProgressCounts Crawl::progress(std::size_t queued, std::size_t in_flight) const {
    return {report_.pages, report_.broken.size(), queued, in_flight, seconds()};
}

CrawlOutcome Crawl::finish(std::size_t left, bool interrupted) {
    report_.seconds = seconds();
    report_.not_fetched += left;
    report_.interrupted = interrupted;
    report_.sort_broken();
    return {std::move(report_), std::move(timeline_)};
}

}  // namespace crawler
