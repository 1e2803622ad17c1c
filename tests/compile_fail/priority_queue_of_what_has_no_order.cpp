// gcc: template constraint failure for .*Orders<Compare, T>
// clang: constraints not satisfied for class template .PriorityQueue

#include <asyncio/queue/priority_queue.hpp>

struct Job {
#ifndef MISTAKE
    bool operator<(const Job& other) const { return urgency < other.urgency; }
#endif
    int urgency = 0;
};

asyncio::PriorityQueue<Job> jobs;
