#include <asyncio/sync/deadlock.hpp>

#include "../task/visit_awaiters.hpp"

#include <asyncio/base/function_name.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/blockers.hpp>
#include <asyncio/task/waiter.hpp>

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace asyncio {

namespace detail {

namespace {

constexpr std::size_t most_texts = 20;

/// Who waits for whom, among the tasks of a loop.
///
/// Those that can go on are taken away first, and those that wait for nobody but them, and so on. Each of the rest
/// waits for another of the rest, so there are rings among them.
class WaitGraph {
public:
    explicit WaitGraph(LoopCore& loop) {
        for (ListHook* hook = loop.tasks.front(); hook != nullptr; hook = loop.tasks.next(*hook)) {
            auto& task = static_cast<TaskCore&>(*hook);
            place_of_.emplace(&task, nodes_.size());
            nodes_.emplace_back(task);
        }
        for (std::size_t i = 0; i < nodes_.size(); ++i) add_awaiters(i);
        for (std::size_t i = 0; i < nodes_.size(); ++i) add_holders(i);
        remove_free();
    }

    [[nodiscard]] std::vector<Deadlock> rings() {
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            if (nodes_[i].visit == Visit::not_yet && !nodes_[i].free) walk(i);
        return std::move(rings_);
    }

private:
    enum class Visit : std::uint8_t { not_yet, on_path, over };
    struct Edge {
        std::size_t to;
        bool held;  // it has what is waited for; otherwise its end is waited for
    };
    struct Node {
        explicit Node(TaskCore& of) : task(&of) {
            const Waiter* const waiter = of.waiter();
            free = waiter == nullptr || of.leaf() == nullptr || of.must_throw();
            if (free) return;
            waiter->name_blockers(blockers);
            free = blockers.over;
        }

        TaskCore* task;
        Blockers blockers;
        bool free;
        std::vector<Edge> edges;           // for whom it waits
        std::vector<std::size_t> awaited;  // by whom; as often as they have an edge to here
        std::size_t enough = 0;            // one_of: how many of those named are known
        std::size_t blocking = 0;          // edges to those that are not free
        Visit visit = Visit::not_yet;
        std::size_t place = 0;  // on the path
    };

    void add_edge(std::size_t from, std::size_t to, bool held) {
        nodes_[from].edges.push_back({to, held});
        nodes_[to].awaited.push_back(from);
        ++nodes_[from].blocking;
    }

    /// Futures that are no tasks are gone through.
    void add_awaiters(std::size_t place) {
        std::unordered_set<FutureCore*> through;
        std::unordered_set<std::size_t> seen;
        visit_awaiters(*nodes_[place].task,
                       [&](FutureCore& awaiter, const DoneNode& node, const AwaitEdge&, bool direct) {
                           if (!awaiter.is_task()) return through.insert(&awaiter).second;
                           const auto found = place_of_.find(&awaiter);
                           if (found == place_of_.end() || !parent_waits(node)) return false;
                           Node& waiting = nodes_[found->second];
                           if (waiting.blockers.one_of != 0 && !direct) return false;
                           if (!seen.insert(found->second).second) return false;
                           ++waiting.enough;
                           add_edge(found->second, place, false);
                           return false;
                       });
    }

    void add_holders(std::size_t place) {
        std::unordered_set<std::size_t> seen;
        for (const TaskMark& holder : std::exchange(nodes_[place].blockers.holders, {})) {
            const auto found = place_of_.find(holder.task);
            if (found == place_of_.end() || nodes_[found->second].task->serial() != holder.serial) continue;
            ++nodes_[place].enough;
            if (seen.insert(found->second).second) add_edge(place, found->second, true);
        }
    }

    void remove_free() {
        std::vector<std::size_t> free;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            Node& node = nodes_[i];
            node.free = node.free || node.edges.empty() || node.enough < node.blockers.one_of;
            if (node.free) free.push_back(i);
        }
        while (!free.empty()) {
            const std::size_t place = free.back();
            free.pop_back();
            for (const std::size_t waiting : nodes_[place].awaited) {
                Node& node = nodes_[waiting];
                --node.blocking;
                if (node.free || (node.blocking > 0 && node.blockers.one_of == 0)) continue;
                node.free = true;
                free.push_back(waiting);
            }
        }
    }

    /// Depth first, on a stack of our own. Every edge back to the path closes a ring.
    void walk(std::size_t start) {
        struct Step {
            std::size_t node;
            std::size_t next = 0;
        };
        std::vector<Step> path;
        const auto enter = [&](std::size_t place) {
            nodes_[place].visit = Visit::on_path;
            nodes_[place].place = path.size();
            path.push_back({place});
        };
        enter(start);
        while (!path.empty()) {
            Step& step = path.back();
            Node& node = nodes_[step.node];
            if (step.next == node.edges.size()) {
                node.visit = Visit::over;
                path.pop_back();
                continue;
            }
            const std::size_t to = node.edges[step.next++].to;
            const Node& target = nodes_[to];
            if (target.free || target.visit == Visit::over) continue;
            if (target.visit == Visit::not_yet) {
                enter(to);
                continue;
            }
            Deadlock ring;
            for (std::size_t i = target.place; i < path.size(); ++i)
                ring.tasks.push_back(member(nodes_[path[i].node], path[i].next - 1));
            rings_.push_back(std::move(ring));
        }
    }

    DeadlockedTask member(Node& node, std::size_t number) const {
        const Edge& edge = node.edges[number];
        return {AnyTask(TaskPtr(node.task)), frames_of(*node.task), edge.held ? node.blockers.what : std::string(),
                AnyTask(TaskPtr(nodes_[edge.to].task)), edge.held && node.blockers.in_line};
    }

    std::vector<Node> nodes_;
    std::unordered_map<const FutureCore*, std::size_t> place_of_;
    std::vector<Deadlock> rings_;
};

std::string quoted_name(const AnyTask& task) {
    return "'" + task.get_name() + "'";
}

std::string line_of(const DeadlockedTask& member) {
    std::string line = "  " + quoted_name(member.task);
    if (!member.call_stack.empty()) {
        const FrameCallGraphEntry& frame = member.call_stack.front();
        line += " in " + frame.function() + "() at " + file_and_line(frame.file(), frame.line());
    }
    const std::string holder = member.holder == member.task ? "itself" : quoted_name(member.holder);
    if (member.waits_for.empty()) return line + " waits for the end of " + holder;
    return line + " waits for " + member.waits_for + (member.in_line ? ", behind " : ", held by ") + holder;
}

}  // namespace

std::vector<std::string> describe_deadlocks(LoopCore& loop) {
    const std::vector<Deadlock> deadlocks = WaitGraph(loop).rings();
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < std::min(deadlocks.size(), most_texts); ++i)
        texts.push_back(format_deadlock(deadlocks[i]));
    if (deadlocks.size() > most_texts)
        texts.push_back("Deadlocks: " + std::to_string(deadlocks.size() - most_texts) + " more");
    return texts;
}

}  // namespace detail

std::vector<Deadlock> find_deadlocks() {
    return detail::WaitGraph(detail::require_running_loop()).rings();
}

std::vector<Deadlock> find_deadlocks(EventLoop& loop) {
    loop.core().check_thread();
    return loop.core().inherited() ? std::vector<Deadlock>() : detail::WaitGraph(loop.core()).rings();
}

std::string format_deadlock(const Deadlock& deadlock) {
    std::string text = deadlock.tasks.size() == 1 ? std::string("Deadlock of a task with itself:")
                                                  : "Deadlock of " + std::to_string(deadlock.tasks.size()) + " tasks:";
    for (const DeadlockedTask& member : deadlock.tasks) text += "\n" + detail::line_of(member);
    return text;
}

void print_deadlock(const Deadlock& deadlock, std::FILE* file) {
    const std::string text = format_deadlock(deadlock) + "\n";
    std::fwrite(text.data(), 1, text.size(), file == nullptr ? stdout : file);
}

}  // namespace asyncio
