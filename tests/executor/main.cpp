// The tests of this folder start worker processes, so main has the line that these need.

#include "executor/process_jobs.hpp"

#include <asyncio/executor/worker_main.hpp>

#include <gmock/gmock.h>

#include <string_view>

int main(int argc, char** argv) {
    if (argc == 4 && std::string_view(argv[1]) == "--as-program") return process_tests::programs().at(argv[2])(argv[3]);
    if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
    testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
