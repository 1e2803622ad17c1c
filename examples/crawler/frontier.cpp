#include "frontier.hpp"

namespace crawler {

Frontier::Host& Frontier::host(const std::string& name) {
    auto [entry, is_new] = hosts_.try_emplace(name);
    if (is_new) entry->second.limit = per_host_;
    return entry->second;
}

void Frontier::give_turn(const std::string& name, Host& host) {
    if (host.has_turn || host.jobs.empty() || host.in_flight >= host.limit) return;
    host.has_turn = true;
    turns_.push_back(name);
}

void Frontier::push(Job job) {
    std::string name = job.host;
    Host& queue = host(name);
    queue.jobs.push_back(std::move(job));
    ++queued_;
    give_turn(name, queue);
}

std::optional<Job> Frontier::pop() {
    while (!turns_.empty()) {
        std::string name = std::move(turns_.front());
        turns_.pop_front();
        Host& queue = host(name);
        queue.has_turn = false;
        if (queue.jobs.empty() || queue.in_flight >= queue.limit) continue;  // its limit was lowered meanwhile
        Job job = std::move(queue.jobs.front());
        queue.jobs.pop_front();
        --queued_;
        ++queue.in_flight;
        ++in_flight_;
        give_turn(name, queue);
        return job;
    }
    return std::nullopt;
}

void Frontier::finished(const Job& job) {
    Host& queue = host(job.host);
    --queue.in_flight;
    --in_flight_;
    give_turn(job.host, queue);
}

void Frontier::limit_host(const std::string& name, std::size_t limit) {
    host(name).limit = limit;
}

}  // namespace crawler
