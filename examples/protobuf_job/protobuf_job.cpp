// Counts words in other processes. The text and the counts travel as Protocol Buffers: including the header is all that
// it takes.

#include "words.pb.h"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>
#include <asyncio/integrations/protobuf/protobuf.hpp>

#include <cstdio>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

words::Counts count_words(const words::Text& text) {
    if (text.lines().empty()) throw std::invalid_argument("'" + text.title() + "' has no lines");
    words::Counts counts;
    counts.set_title(text.title());
    for (const std::string& line : text.lines()) {
        std::istringstream stream(line);
        for (std::string word; stream >> word;) ++(*counts.mutable_words())[word];
    }
    return counts;
}

words::Text make_text(const std::string& title, const std::vector<std::string>& lines) {
    words::Text text;
    text.set_title(title);
    for (const std::string& line : lines) text.add_lines(line);
    return text;
}

void print(const words::Counts& counts) {
    std::printf("%s:", counts.title().c_str());
    for (const auto& [word, count] : std::map(counts.words().begin(), counts.words().end()))
        std::printf(" %s %u", word.c_str(), count);
    std::printf("\n");
}

asyncio::Coro<> count_all() {
    auto& loop = asyncio::get_running_loop();
    asyncio::futures::ProcessPoolExecutor pool({.max_workers = 2});
    const std::vector<words::Text> texts{make_text("rose", {"a rose is a rose", "is a rose"}),
                                         make_text("sea", {"she sells sea shells"}), make_text("void", {})};
    std::vector<asyncio::Future<words::Counts>> jobs;
    for (const words::Text& text : texts)
        jobs.push_back(loop.run_in_executor(pool, asyncio::remote<&count_words>, text));
    for (const auto& job : jobs) {
        try {
            const words::Counts counts = co_await job;
            print(counts);
        } catch (const std::invalid_argument& error) {  // thrown over there, and the same type here
            std::printf("refused: %s\n", error.what());
        }
    }
    co_await pool.aclose();
}

int main(int argc, char** argv) {
    if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
    asyncio::run(count_all());
}
