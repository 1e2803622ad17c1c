#pragma once

#include "link_table.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

namespace crawler {

/// One fetch that is to be made.
struct Job {
    UrlId url = 0;
    std::string host{};     ///< What the limit counts by.
    int attempt = 0;        ///< How often it was tried before.
    bool external = false;  ///< Outside the crawl: only to be checked, never to be followed.
};

/// The fetches that wait their turn: first come, first served within a host, the hosts taking turns, and never more
/// than a limit per host at a time. Plain bookkeeping without waiting; WorkQueue puts the waiting on top.
class Frontier {
public:
    explicit Frontier(std::size_t per_host) : per_host_(per_host) {}

    /// Adds a job at the end of its host's queue.
    void push(Job job);

    /// Takes a job whose host has room; the caller owes a finished() for it.
    std::optional<Job> pop();

    /// The fetch of a job taken from here is over.
    void finished(const Job& job);

    /// Lowers the limit of one host (robots.txt asked for pauses).
    void limit_host(const std::string& host, std::size_t limit);

    std::size_t queued() const { return queued_; }
    std::size_t in_flight() const { return in_flight_; }

private:
    struct Host {
        std::deque<Job> jobs;
        std::size_t in_flight = 0;
        std::size_t limit = 0;
        bool has_turn = false;  ///< Stands in turns_.
    };

    Host& host(const std::string& name);
    void give_turn(const std::string& name, Host& host);

    std::size_t per_host_;
    std::size_t queued_ = 0;
    std::size_t in_flight_ = 0;
    std::unordered_map<std::string, Host> hosts_;
    std::deque<std::string> turns_;  ///< Hosts with jobs and room.
};

}  // namespace crawler
