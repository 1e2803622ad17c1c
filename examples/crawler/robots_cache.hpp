#pragma once

#include "fetch.hpp"
#include "robots.hpp"
#include "url.hpp"

#include <string>
#include <unordered_map>

namespace crawler {

/// The robots.txt of each server that was asked so far.
class RobotsCache {
public:
    /// Where the rules for a URL are found.
    static Url robots_url(const Url& url);

    /// The rules for a URL; nullptr when its server was not asked yet.
    const RobotsRules* find(const Url& url) const;

    /// Stores what the server of `url` answered to robots_url(). RFC 9309: no such file means everything is allowed, a
    /// failing server means nothing is. When there was no answer at all everything is allowed, too: then the fetches
    /// fail by themselves, and the report says why.
    const RobotsRules& store(const Url& url, const FetchResult& answer);

private:
    std::unordered_map<std::string, RobotsRules> rules_;  ///< By robots_url().
};

/// What of a URL the rules are compared with.
std::string path_and_query(const Url& url);

}  // namespace crawler
