#pragma once

#include <exception>
#include <string>

namespace asyncio {

/// What a loop's exception handler is told; members are empty when they do not apply. Mirrors the context dictionary of
/// asyncio's `loop.call_exception_handler`.
struct ExceptionContext {
    std::string message{};           ///< what has happened, in a sentence
    std::exception_ptr exception{};  ///< what was thrown
    std::string future{};            ///< text form of the future concerned
    std::string task{};              ///< text form of the task concerned
    std::string handle{};            ///< text form of the handle concerned
    std::string protocol{};          ///< for the handlers of programs: the library sets none
    std::string transport{};         ///< the peer's address of the connection concerned
    std::string socket{};            ///< the address of the listening socket concerned
    std::string asyncgen{};          ///< text form of the generator concerned
    std::string source_traceback{};  ///< where the object was created, in debug mode
};

}  // namespace asyncio
