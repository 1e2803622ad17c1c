#pragma once

// Functions that exist to be refused with a message that names the mistake. The name of the type that one returns
// should say it too: that is where GCC's message begins.
//
// A deleted function says why where the compiler knows how to (C++26, and Clang 19 before that).
#if defined(__clang__) && defined(__cpp_deleted_function)
#define ASYNCIO_REFUSE_BECAUSE(reason, ...)                                                                   \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wc++26-extensions\"") __VA_ARGS__ = \
        delete (reason);                                                                                      \
    _Pragma("clang diagnostic pop")
#else
#define ASYNCIO_REFUSE_BECAUSE(reason, ...) __VA_ARGS__ = delete;
#endif
#define ASYNCIO_REFUSE(...) ASYNCIO_REFUSE_BECAUSE("the coroutine would never run: use create_task", __VA_ARGS__)
