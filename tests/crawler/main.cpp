// The tests of the whole program start it as a process of its own, which is this one.

#include "crawler/program.hpp"

#include <gmock/gmock.h>

#include <string_view>

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--as-asyncio-crawl")
        return crawler::run_program({argv + 2, argv + argc});
    testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
