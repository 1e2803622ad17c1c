#pragma once

// std::mutex, std::lock_guard, std::unique_lock. libstdc++'s <mutex> adds other kinds, call_once, and std::lock for
// several at a time.
#if !defined(ASYNCIO_WHOLE_STANDARD_HEADERS) && __has_include(<bits/std_mutex.h>) && __has_include(<bits/unique_lock.h>)
#include <bits/std_mutex.h>
#include <bits/unique_lock.h>
#else
#include <mutex>
#endif
