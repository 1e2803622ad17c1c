#include "report.hpp"

#include <nlohmann/json.hpp>

namespace crawler {

std::string to_json(const Report& report) {
    using Json = nlohmann::ordered_json;
    Json slowest = Json::array();
    for (const SlowPage& page : report.slowest) slowest.push_back({{"url", page.url}, {"seconds", page.seconds}});
    Json redirected = Json::array();
    for (const Redirect& redirect : report.redirects)
        redirected.push_back({{"from", redirect.from}, {"to", redirect.to}, {"status", redirect.status}});
    Json broken = Json::array();
    for (const BrokenLink& link : report.broken)
        broken.push_back({{"url", link.url}, {"reason", link.reason}, {"page", link.page}, {"line", link.line}});
    Json json{
        {"pages", report.pages},
        {"links", report.links},
        {"bytes", report.bytes},
        {"seconds", report.seconds},
        {"redirects", report.redirects.size()},
        {"redirected", std::move(redirected)},
        {"slowest", std::move(slowest)},
        {"broken", std::move(broken)},
        {"fetches", report.fetches},
        {"retries", report.retries},
        {"interrupted", report.interrupted},
        {"not_checked",
         {{"other_hosts", report.other_hosts},
          {"other_schemes", report.other_schemes},
          {"robots", report.forbidden},
          {"not_fetched", report.not_fetched},
          {"beyond_limits", report.beyond_limits}}},
    };
    // Text from hostile servers may be no UTF-8; a report must come out all the same.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace crawler
