#include "html_tree.hpp"

#include <gumbo.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace crawler {

/// Memory that is handed out bump by bump and given back all at once. Also the place where limits are watched, because
/// allocating is the one thing that Gumbo cannot do without asking.
struct HtmlTree::Arena {
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t chunk_size = 256 * 1024;

    explicit Arena(ParseLimits limits) : limits(limits), deadline(Clock::now() + limits.time) {}
    ~Arena() {
        for (void* chunk : chunks) std::free(chunk);
    }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    void* allocate(std::size_t size) {
        size = (size + 15) & ~std::size_t{15};
        if (++calls % 256 == 0 && Clock::now() > deadline) give_up("HTML takes too long to parse");
        if (size > room && !grow(size)) give_up("HTML needs too much memory to parse");
        void* block = next;
        next += size;
        room -= size;
        return block;
    }

    bool grow(std::size_t size) {
        std::size_t wanted = size > chunk_size ? size : chunk_size;
        if (wanted > limits.memory - used) return false;
        void* chunk = std::malloc(wanted);
        if (chunk == nullptr) return false;
        chunks.push_back(chunk);
        used += wanted;
        next = static_cast<char*>(chunk);
        room = wanted;
        return true;
    }

    /// Leaves the parser. Only C frames of Gumbo lie between here and the setjmp, so no destructor is skipped.
    [[noreturn]] void give_up(const char* why) {
        failure_text = why;
        std::longjmp(escape, 1);
    }

    const ParseLimits limits;
    const Clock::time_point deadline;
    std::vector<void*> chunks;
    std::size_t used = 0;
    std::size_t calls = 0;
    char* next = nullptr;
    std::size_t room = 0;
    std::jmp_buf escape{};
    const char* failure_text = nullptr;
    std::string failure;

    /// The arena whose parser is running on this thread, for the failing assertion that wants out.
    static thread_local Arena* parsing;

    const GumboNode* parse(std::string_view utf8) {
        GumboOptions options = kGumboDefaultOptions;
        options.allocator = [](void* arena, std::size_t size) { return static_cast<Arena*>(arena)->allocate(size); };
        options.deallocator = [](void*, void*) {};
        options.userdata = this;
        options.max_errors = 0;  // each recorded error copies the whole stack of open elements
        parsing = this;
        const GumboNode* document = run(options, utf8);
        parsing = nullptr;
        if (document == nullptr) failure = failure_text;
        return document;
    }

    /// Apart from parse() so that no local variable changes between setjmp and longjmp.
    const GumboNode* run(const GumboOptions& options, std::string_view utf8) {
        if (setjmp(escape) != 0) return nullptr;
        return gumbo_parse_with_options(&options, utf8.data(), utf8.size())->document;
    }
};

thread_local HtmlTree::Arena* HtmlTree::Arena::parsing = nullptr;

HtmlTree::HtmlTree(std::string_view utf8, ParseLimits limits) : arena_(std::make_unique<Arena>(limits)) {
    document_ = arena_->parse(utf8);
}

HtmlTree::~HtmlTree() = default;

const std::string& HtmlTree::failure() const {
    return arena_->failure;
}

/// Where the assertion below asks to leave the parser; returns when no parser runs on this thread.
void leave_parser() {
    if (HtmlTree::Arena* arena = HtmlTree::Arena::parsing) arena->give_up("HTML that the parser cannot cope with");
}

}  // namespace crawler

/// Takes the place of the C library's function of that name for the whole program, shared libraries included.
extern "C" [[noreturn]] void __assert_fail(const char* assertion, const char* file, unsigned line,
                                           const char* function) noexcept {
    crawler::leave_parser();
    std::fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function, assertion);
    std::abort();
}
