#pragma once

// std::thread::id. libstdc++'s <thread> adds stop tokens and semaphores.
#if !defined(ASYNCIO_WHOLE_STANDARD_HEADERS) && __has_include(<bits/std_thread.h>)
#include <bits/std_thread.h>
#else
#include <thread>
#endif
