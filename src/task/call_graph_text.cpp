#include <asyncio/base/hexadecimal.hpp>
#include <asyncio/task/call_graph.hpp>
#include <asyncio/task/task_core.hpp>

namespace asyncio {

namespace {

constexpr std::size_t deepest_level = 1000;       // text grows with the square of the depth
constexpr std::size_t most_repetitions = 10'000;  // of futures that can be reached in several ways

class Text {
public:
    std::string lines;

    /// The futures are visited in depth first order on a stack of our own.
    void add(const FutureCallGraph& start) {
        enter(start, 0);
        while (!path_.empty()) {
            Level& level = path_.back();
            if (level.next == level.awaited_by.size()) {
                path_.pop_back();
                continue;
            }
            const FutureCallGraph next = level.awaited_by[level.next++];
            enter(next, path_.size());
        }
    }

private:
    struct Level {
        FutureCallGraph graph;
        std::vector<FutureCallGraph> awaited_by;
        std::size_t next = 0;
    };

    void enter(const FutureCallGraph& graph, std::size_t depth) {
        const std::string indent(4 * depth, ' ');
        if (depth >= deepest_level) return add_line(indent + "…");
        std::string title = indent + "* " + title_of(graph.future());
        for (const Level& level : path_)
            if (level.graph.index() == graph.index()) return add_line(title + " (cycle)");
        if (graph.index() >= printed_.size()) printed_.resize(graph.index() + 1);
        if (printed_[graph.index()] && ++repetitions_ > most_repetitions) return add_line(title + " (see above)");
        printed_[graph.index()] = true;
        add_line(title);
        if (!graph.call_stack().empty()) add_line(indent + "  + Call stack:");
        for (const FrameCallGraphEntry& frame : graph.call_stack())
            add_line(indent + "  |   File '" + frame.file() + "', line " + std::to_string(frame.line()) +
                     (frame.kind() == FrameKind::coroutine ? ", in async " : ", in async generator ") +
                     frame.function() + "()");
        std::vector<FutureCallGraph> awaited_by = graph.awaited_by();
        if (awaited_by.empty()) return;
        add_line(indent + "  + Awaited by:");
        path_.push_back({graph, std::move(awaited_by)});
    }

    void add_line(const std::string& line) {
        if (!lines.empty()) lines += '\n';
        lines += line;
    }

    static std::string title_of(const AnyFuture& future) {
        const std::string id = "id=" + detail::hexadecimal(&future.core()) + ")";
        if (!future.core().is_task()) return "Future(" + id;
        return "Task(name='" + static_cast<const detail::TaskCore&>(future.core()).name() + "', " + id;
    }

    std::vector<Level> path_;
    std::vector<bool> printed_;
    std::size_t repetitions_ = 0;
};

void write_line(const std::string& text, std::FILE* file) {
    if (file == nullptr) file = stdout;
    std::fwrite(text.data(), 1, text.size(), file);
    std::fputc('\n', file);
}

}  // namespace

std::string format_call_graph(const FutureCallGraph& graph) {
    Text text;
    text.add(graph);
    return std::move(text.lines);
}

std::string format_call_graph(const AnyFuture& future, CallGraphOptions options, std::source_location place) {
    return format_call_graph(capture_call_graph(future, options, place));
}

std::string format_call_graph(CallGraphOptions options, std::source_location place) {
    const auto graph = capture_call_graph(options, place);
    return graph ? format_call_graph(*graph) : std::string();
}

void print_call_graph(const FutureCallGraph& graph, std::FILE* file) {
    write_line(format_call_graph(graph), file);
}

void print_call_graph(const AnyFuture& future, std::FILE* file, CallGraphOptions options, std::source_location place) {
    write_line(format_call_graph(future, options, place), file);
}

void print_call_graph(std::FILE* file, CallGraphOptions options, std::source_location place) {
    const std::string text = format_call_graph(options, place);
    if (!text.empty()) write_line(text, file);
}

}  // namespace asyncio
