#pragma once

// Functions that exist to be refused with a message that names the mistake. The name of the type that one returns
// should say it too: that is where GCC's message begins.
//
// A deleted function that takes callbacks, for the call with a coroutine: it says why where the compiler knows how to
// (C++26, and Clang 19 before that).
#if defined(__clang__) && defined(__cpp_deleted_function)
#define ASYNCIO_REFUSE(...)                                                                                   \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wc++26-extensions\"") __VA_ARGS__ = \
        delete ("the coroutine would never run: use create_task");                                            \
    _Pragma("clang diagnostic pop")
#else
#define ASYNCIO_REFUSE(...) __VA_ARGS__ = delete;
#endif
