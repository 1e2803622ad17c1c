#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crawler {

/// The rules of one robots.txt for one crawler (RFC 9309, with the common Crawl-delay).
class RobotsRules {
public:
    /// Rules that are longer, and rules with '*' beyond that number, are ignored: a hostile file must not cost seconds
    /// for each URL.
    static constexpr std::size_t longest_rule = 2048;
    static constexpr std::size_t most_wildcards = 1000;

    /// Everything is allowed: what a missing file means.
    RobotsRules() = default;

    /// Nothing is allowed: what a server that fails to deliver the file means.
    static RobotsRules nothing_allowed();

    /// Reads the group that addresses `agent` (the longest matching name, else "*"). Lines that mean nothing are
    /// skipped.
    static RobotsRules parse(std::string_view text, std::string_view agent);

    /// May `path_and_query` be fetched? The longest matching rule decides, and allow wins a tie.
    bool allows(std::string_view path_and_query) const;

    /// The pause the host asks for between two fetches.
    std::optional<std::chrono::milliseconds> crawl_delay() const { return crawl_delay_; }

private:
    struct Rule {
        std::string pattern;
        bool allow = false;
    };
    void add(std::string_view pattern, bool allow);

    std::vector<Rule> rules_;
    std::size_t wildcards_ = 0;
    std::optional<std::chrono::milliseconds> crawl_delay_;
};

/// Does `path` begin with what `pattern` describes? '*' stands for any characters, '$' at the end for the end of the
/// path.
bool robots_pattern_matches(std::string_view pattern, std::string_view path);

}  // namespace crawler
