#include "robots_cache.hpp"

namespace crawler {

Url RobotsCache::robots_url(const Url& url) {
    Url robots = url;
    robots.path = "/robots.txt";
    robots.query.reset();
    robots.fragment.reset();
    return robots;
}

const RobotsRules* RobotsCache::find(const Url& url) const {
    auto found = rules_.find(robots_url(url).to_string());
    return found == rules_.end() ? nullptr : &found->second;
}

const RobotsRules& RobotsCache::store(const Url& url, const FetchResult& answer) {
    RobotsRules rules;
    if (answer.failure.empty() && answer.status >= 500) rules = RobotsRules::nothing_allowed();
    if (answer.failure.empty() && answer.status >= 200 && answer.status < 300)
        rules = RobotsRules::parse(answer.body, "asyncio-crawl");
    return rules_.insert_or_assign(robots_url(url).to_string(), std::move(rules)).first->second;
}

std::string path_and_query(const Url& url) {
    return url.path + (url.query ? "?" + *url.query : "");
}

}  // namespace crawler
