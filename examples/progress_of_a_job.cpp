// A pipe between processes: a job says how far it is, line by line, through a named pipe that the loop watches. So two
// processes can talk while a job runs; what goes in and comes out at its ends needs no pipe (docs/executors.md).

#include <asyncio/asyncio.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

/// Runs in another process, where nothing is known of the loop: writes to the pipe as to a file.
int count_primes(int limit, const std::string& pipe) {
    std::ofstream reports(pipe);
    int primes = 0;
    for (int number = 2; number <= limit; ++number) {
        int divisor = 2;
        while (divisor * divisor <= number && number % divisor != 0) ++divisor;
        if (divisor * divisor > number) ++primes;
        if (number % (limit / 4) == 0) reports << number << " looked at, " << primes << " primes" << std::endl;
    }
    return primes;
}

/// A named pipe in a folder of its own, and the lines that come through it.
class ReportPipe {
public:
    ReportPipe() {
        if (::mkdtemp(folder_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
        if (::mkfifo(path().c_str(), S_IRUSR | S_IWUSR) < 0)
            throw std::system_error(errno, std::generic_category(), "mkfifo");
        // For writing too: else the pipe would be at its end between two jobs.
        fd_ = ::open(path().c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "open a named pipe");
        loop_.add_reader(fd_, [this] { read(); });
    }
    ReportPipe(const ReportPipe&) = delete;
    ReportPipe& operator=(const ReportPipe&) = delete;
    ~ReportPipe() {
        loop_.remove_reader(fd_);
        ::close(fd_);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::string path() const { return folder_ + "/reports"; }
    asyncio::Queue<std::string> lines;

private:
    void read() {
        std::array<char, 4096> bytes;
        const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
        for (ssize_t i = 0; i < count; ++i) {
            const char byte = bytes[static_cast<std::size_t>(i)];
            if (byte != '\n') {
                line_ += byte;
                continue;
            }
            lines.put_nowait(line_);
            line_.clear();
        }
    }

    asyncio::EventLoop& loop_ = asyncio::get_running_loop();
    std::string folder_ = "/tmp/progress-XXXXXX";
    int fd_ = -1;
    std::string line_;
};

asyncio::Coro<> amain() {
    constexpr int limit = 200'000;
    ReportPipe pipe;
    asyncio::futures::ProcessPoolExecutor pool({.max_workers = 1});
    auto job = asyncio::get_running_loop().run_in_executor(pool, asyncio::remote<&count_primes>, limit, pipe.path());
    for (int quarter = 0; quarter < 4; ++quarter) {
        const std::string line = co_await pipe.lines.get();
        std::printf("%s\n", line.c_str());
    }
    const int primes = co_await job;
    std::printf("%d primes up to %d\n", primes, limit);
    co_await pool.aclose();
}

int main(int argc, char** argv) {
    if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
    asyncio::run(amain());
}
