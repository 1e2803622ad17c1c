// Runs the programs that it reads, one a line, and writes what each of them did. See README.md.
// DEV-1: hop counts, those of composites included, are compared with CPython's.

#include "world.hpp"

#include <asyncio/base/log.hpp>

#include <exception>
#include <iostream>
#include <string>

int main() {
    std::ios::sync_with_stdio(false);
    asyncio::set_log_sink([](asyncio::LogLevel, std::string_view) {});
    std::string line;
    while (std::getline(std::cin, line)) {
        const order_fuzzer::Node program = order_fuzzer::parse(line);
        std::cout << "program " << program[1].word() << std::endl;  // flushed, so that a crash shows where
        order_fuzzer::World world(program);
        try {
            world.run();
        } catch (...) {
            std::cout << world.trace() << "stopped by " << order_fuzzer::describe(std::current_exception()) << "\n";
            continue;
        }
        std::cout << world.trace();
    }
}
