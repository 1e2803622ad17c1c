#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace crawler {

using UrlId = std::uint32_t;

/// Stands for the command line as the page on which a link was found.
inline constexpr UrlId command_line = UINT32_MAX;

/// Where a link stands.
struct Place {
    UrlId page = command_line;
    std::uint32_t line = 0;
};

/// One row of the report.
struct BrokenLink {
    std::string url{};
    std::string reason{};
    std::string page{};  ///< Empty when the URL was given on the command line.
    unsigned line = 0;
};

/// Every URL that was seen, what became of it, and which links wait to hear that.
///
/// A URL's life:
///
///              ┌────────────► good (its anchors are kept, as hashes)
///     pending ─┼────────────► broken (its reason is kept)
///              ├────────────► unchecked (outside the hosts, forbidden by robots.txt, …)
///              └► redirected ► whatever becomes of the target
///
/// A link to a pending URL is stored there; when the URL is settled the link is either forgotten or handed to the sink
/// as a broken one. So memory is held for URLs and for links still open, not for every link of the site.
class LinkTable {
public:
    static constexpr int most_redirects = 20;

    /// How many URLs are held, and how many bytes of them: memory stays bounded on sites without end.
    struct Limits {
        std::size_t urls = 1'000'000;
        std::size_t bytes = std::size_t{256} << 20;
    };

    /// `broken` receives each broken link once, as soon as it is known to be one.
    explicit LinkTable(std::function<void(BrokenLink)> broken) : LinkTable(std::move(broken), Limits{}) {}
    LinkTable(std::function<void(BrokenLink)> broken, Limits limits) : limits_(limits), broken_(std::move(broken)) {}

    struct Added {
        UrlId id;
        bool is_new;
    };
    /// Finds or adds a URL (without fragment). Nothing when it is new and there is no room for it.
    std::optional<Added> add(const std::string& url);

    const std::string& url(UrlId id) const { return *records_[id].url; }
    std::size_t size() const { return records_.size(); }

    /// Records that a link to `target` stands at `place`. `fragment` is percent-encoded, empty for none.
    void link(UrlId target, std::string fragment, Place place);

    /// The URL answered. `anchors` is what fragments may name, or nothing when fragments mean nothing there (an image).
    void settle_good(UrlId id, const std::optional<std::vector<std::string>>& anchors);
    void settle_broken(UrlId id, std::string reason);
    void settle_unchecked(UrlId id);

    /// The URL is the end of as long a chain of redirects as is followed.
    bool redirects_exhausted(UrlId id) const { return records_[id].redirects_before >= most_redirects; }
    static std::string too_many_redirects() { return "more than " + std::to_string(most_redirects) + " redirects"; }

    /// The URL points to `target`. A chain that leads back to itself, or is too long, settles as broken. `fragment` is
    /// what the Location said; without one, links keep their own.
    void settle_redirect(UrlId id, UrlId target, std::string fragment);

private:
    enum class State : std::uint8_t { pending, good, broken, unchecked, redirected };

    struct WaitingLink {
        UrlId link;  ///< The URL the link names; differs from where it waits when redirects led here.
        Place place;
        std::string fragment;
    };

    struct Record {
        const std::string* url = nullptr;
        State state = State::pending;
        bool has_anchors = false;
        std::uint8_t redirects_before = 0;
        UrlId redirect_target = 0;
        std::string detail;  ///< The reason when broken, the fragment of the Location when redirected.
        std::vector<std::uint64_t> anchors;
        std::vector<WaitingLink> waiting;
    };

    void settle(UrlId id, State state, std::string detail);
    void decide(UrlId at, WaitingLink link);
    void report(const WaitingLink& link, const std::string& reason);
    std::string redirect_problem(UrlId id, UrlId target) const;

    Limits limits_;
    std::size_t bytes_ = 0;  ///< Of URLs.
    std::unordered_map<std::string, UrlId> ids_;
    std::deque<Record> records_;
    std::function<void(BrokenLink)> broken_;
};

}  // namespace crawler
