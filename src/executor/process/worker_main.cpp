#include <asyncio/executor/worker_main.hpp>

#include "program_role.hpp"
#include "server.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/executor/remote.hpp>

#include <cstdlib>
#include <string_view>

namespace asyncio {

namespace {

constinit detail::Atomic<bool> asked{false};

}  // namespace

bool is_worker(int argc, const char* const* argv) noexcept {
    asked.store(true, detail::memory_relaxed);
    return argc >= 3 && std::string_view(argv[1]) == detail::worker_marker;
}

int worker_main(int argc, const char* const* argv) noexcept {
    if (argc >= 3 && std::string_view(argv[2]) == detail::worker_role)
        return detail::run_started_worker(&detail::answer_with_files);
    if (argc < 5 || std::string_view(argv[2]) != detail::server_role) return EXIT_FAILURE;
    return detail::run_server(detail::first_inherited_fd, std::atoi(argv[3]), std::atoll(argv[4]), argv[0],
                              &detail::answer_with_files);
}

namespace detail {

bool main_has_asked_for_workers() noexcept {
    return asked.load(memory_relaxed);
}

}  // namespace detail
}  // namespace asyncio
