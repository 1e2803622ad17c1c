#pragma once

#include <exception>
#include <string>

namespace asyncio {

/// What a loop's exception handler is told; members are empty when they do not apply. Mirrors the context dictionary of
/// asyncio's `loop.call_exception_handler`.
struct ExceptionContext {
    std::string message;
    std::exception_ptr exception;
    std::string future;  ///< text form of the future concerned
    std::string task;    ///< text form of the task concerned
    std::string handle;  ///< text form of the handle concerned
    std::string protocol;
    std::string transport;
    std::string socket;
    std::string asyncgen;
    std::string source_traceback;  ///< where the object was created, in debug mode
};

}  // namespace asyncio
