#pragma once

namespace asyncio {

/// The one line that a program with a ProcessPoolExecutor needs, first of all in `main`:
///
///     int main(int argc, char** argv) {
///         if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
///
/// Worker processes are this program, started once more; that line is where they turn off. A pool refuses to be made in
/// a program that has not called this (RuntimeError), and so nothing of the program ever runs twice. What comes before
/// the line, such as constructors of global objects, runs in every worker.
///
/// True in a worker.
[[nodiscard]] bool is_worker(int argc, const char* const* argv) noexcept;

/// The life of a worker. Returns, when the pool does not need it any more, what `main` shall return.
[[nodiscard]] int worker_main(int argc, const char* const* argv) noexcept;

}  // namespace asyncio
