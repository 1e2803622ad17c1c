#pragma once

#include <asyncio/executor/process_pool_executor.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// What the tests of process pools share.

// Sanitized programs start slowly: they get a part of the work.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// Functions that tests have run in other processes.
namespace process_jobs {

inline int square(int n) {
    return n * n;
}
inline int process() {
    return ::getpid();
}
inline std::string echo(std::string text) {
    return text;
}
inline std::size_t length(const std::string& text) {
    return text.size();
}
inline void fail(const std::string& text) {
    throw std::invalid_argument(text);
}
inline int leave(int status) {
    ::_exit(status);
}
inline void raise_signal(int signal) {
    ::raise(signal);
    ::pause();  // until one that is not deadly at once is
}
inline void hang() {
    while (true) ::pause();
}
inline unsigned spin() {
    volatile unsigned turns = 0;
    while (true) turns = turns + 1;
    return turns;
}

/// Says in a file that this has begun, so that a test knows.
inline void touch(const std::string& path) {
    std::ofstream(path, std::ios::app) << ::getpid() << '\n';
}
inline bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}
/// Begins, and goes on when the file `path` + ".go" is there.
inline int wait_for_go(const std::string& path) {
    touch(path);
    while (!exists(path + ".go")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return ::getpid();
}
inline void hang_after_touching(const std::string& path) {
    touch(path);
    hang();
}
inline void raise_signal_on_go(const std::string& path, int signal) {
    wait_for_go(path);
    raise_signal(signal);
}

}  // namespace process_jobs

namespace process_tests {

inline const char* name_of(asyncio::futures::StartMethod start) {
    return start == asyncio::futures::StartMethod::spawn ? "spawn" : "forkserver";
}
/// For INSTANTIATE_TEST_SUITE_P.
inline std::string name_of_start(const testing::TestParamInfo<asyncio::futures::StartMethod>& info) {
    return name_of(info.param);
}

/// A folder of its own for each test.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "asyncio-process-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// The state of a process, as ps shows it; ' ' when there is none.
inline char state_of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return ' ';
    const std::size_t name_end = line.rfind(')');
    return name_end == std::string::npos || name_end + 2 >= line.size() ? ' ' : line[name_end + 2];
}
/// It runs no more. Who reaps it is not ours to say: orphans belong to process 1.
inline bool gone(int pid) {
    const char state = state_of(pid);
    return state == ' ' || state == 'Z' || state == 'X';
}

/// Kills a process: one. To ::kill() 0 and -1 are groups, the tests and who runs them among them.
inline void kill_process(int pid) {
    if (pid <= 1) throw std::invalid_argument("kill " + std::to_string(pid));
    ::kill(pid, SIGKILL);
}

inline std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        static_cast<void>(entry);
        ++count;
    }
    return count;
}

/// Shared memory of pools that is mapped here.
inline std::size_t mapped_segments() {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) count += line.find("memfd:asyncio") != std::string::npos ? 1 : 0;
    return count;
}

/// Programs that this executable is as well: `test_executor --as-program NAME ARGUMENT`.
using Program = int (*)(const std::string& argument);
inline std::map<std::string, Program>& programs() {
    static std::map<std::string, Program> all;
    return all;
}
struct RegisterProgram {
    RegisterProgram(const char* name, Program program) { programs().emplace(name, program); }
};

/// Starts one of them.
inline int start_program(const std::string& name, const std::string& argument) {
    const int pid = ::fork();
    if (pid != 0) return pid;
    ::execl("/proc/self/exe", "test", "--as-program", name.c_str(), argument.c_str(), nullptr);
    ::_exit(127);
}
inline int wait_for_program(int pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace process_tests
