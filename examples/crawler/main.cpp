// asyncio-crawl: follows the links of a site and tells which are broken.

#include "program.hpp"

int main(int argc, char** argv) {
    return crawler::run_program({argv + 1, argv + argc});
}
