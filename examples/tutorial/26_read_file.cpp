// Reading a file blocks; a thread of the pool does it, and others go on meanwhile. The open is in there, too.

#include "say.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

std::string read_blocking(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) throw std::system_error(errno, std::generic_category(), "open " + path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}

Coro<> amain(std::filesystem::path path) {
    std::cout << co_await asyncio::to_thread(read_blocking, path);
    std::cout << co_await asyncio::get_running_loop().run_in_executor(nullptr, read_blocking, path);
    try {
        std::cout << co_await asyncio::to_thread(read_blocking, "no such file");
    } catch (const std::system_error& error) {
        std::cout << error.what() << '\n';
    }
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: 26_read_file FILE\n";
        return 2;
    }
    asyncio::run(amain(argv[1]));
    return 0;
}
