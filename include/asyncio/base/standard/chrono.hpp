#pragma once

// Clocks, durations and their literals. libstdc++'s <chrono> adds calendars and, for these, string streams: a tenth of
// a second in every file of a user.
#if !defined(ASYNCIO_WHOLE_STANDARD_HEADERS) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
