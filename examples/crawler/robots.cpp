#include "robots.hpp"

#include "ascii.hpp"

#include <algorithm>
#include <cstdlib>

namespace crawler {
namespace {

/// RFC 9309 asks for at least 500 KiB; a longer file is cut there.
constexpr std::size_t longest_file = 512 * 1024;

constexpr auto npos = std::string_view::npos;

struct Line {
    std::string field;
    std::string_view value;
};

/// The "field: value" of one line; an empty field when it is a comment or nonsense.
Line split_line(std::string_view line) {
    line = trimmed(line.substr(0, line.find('#')));
    auto colon = line.find(':');
    if (colon == npos) return {};
    return {lowered(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1))};
}

/// How well a User-agent line fits: 0 not at all, 1 for "*", more for a name.
std::size_t fitness(std::string_view value, std::string_view agent) {
    if (value == "*") return 1;
    return !value.empty() && starts_with_ignoring_case(agent, value) ? 1 + value.size() : 0;
}

}  // namespace

RobotsRules RobotsRules::nothing_allowed() {
    RobotsRules rules;
    rules.rules_.push_back({"/", false});
    return rules;
}

RobotsRules RobotsRules::parse(std::string_view text, std::string_view agent) {
    text = text.substr(0, longest_file);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    RobotsRules best;
    std::size_t best_fitness = 0;
    std::size_t group_fitness = 0;
    bool in_agents = false;
    while (!text.empty()) {
        auto end = std::min(text.find_first_of("\r\n"), text.size());
        Line line = split_line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.field == "user-agent") {
            // Several User-agent lines in a row share the rules that follow.
            std::size_t fits = fitness(line.value, agent);
            group_fitness = in_agents ? std::max(group_fitness, fits) : fits;
            in_agents = true;
            if (group_fitness > best_fitness) {
                best = {};
                best_fitness = group_fitness;
            }
            continue;
        }
        if (line.field.empty()) continue;
        in_agents = false;
        // Groups for the same name are one group, wherever they stand in the file.
        if (group_fitness == 0 || group_fitness != best_fitness) continue;
        if (line.field == "allow" || line.field == "disallow") best.add(line.value, line.field == "allow");
        if (line.field == "crawl-delay") {
            double seconds = std::strtod(std::string(line.value).c_str(), nullptr);
            if (seconds > 0 && seconds <= 3600)
                best.crawl_delay_ = std::chrono::milliseconds(static_cast<long>(seconds * 1000));
        }
    }
    return best;
}

void RobotsRules::add(std::string_view pattern, bool allow) {
    if (pattern.empty() || pattern.size() > longest_rule) return;
    // Rules without wildcards cost little, and a file has only so much room for them.
    if (pattern.find('*') != npos && ++wildcards_ > most_wildcards) return;
    rules_.push_back({std::string(pattern), allow});
}

bool RobotsRules::allows(std::string_view path_and_query) const {
    const Rule* winner = nullptr;
    for (const Rule& rule : rules_) {
        if (!robots_pattern_matches(rule.pattern, path_and_query)) continue;
        bool stronger = winner == nullptr || rule.pattern.size() > winner->pattern.size() ||
                        (rule.pattern.size() == winner->pattern.size() && rule.allow);
        if (stronger) winner = &rule;
    }
    return winner == nullptr || winner->allow;
}

bool robots_pattern_matches(std::string_view pattern, std::string_view path) {
    bool to_the_end = pattern.ends_with('$');
    if (to_the_end) pattern.remove_suffix(1);
    auto star = pattern.find('*');
    if (star == npos) return to_the_end ? path == pattern : path.starts_with(pattern);
    if (!path.starts_with(pattern.substr(0, star))) return false;
    // The leftmost place of each part, for the first the beginning, leaves most room for the next ones.
    while (star != npos) {
        auto at = path.find(pattern.substr(0, star));
        if (at == npos) return false;
        path.remove_prefix(at + star);
        pattern.remove_prefix(star + 1);
        star = pattern.find('*');
    }
    return to_the_end ? path.ends_with(pattern) : path.find(pattern) != npos;
}

}  // namespace crawler
