#pragma once

// The concepts of ranges, and begin, end, size. libstdc++'s <ranges> adds the views.
#include <span>
#if !defined(ASYNCIO_WHOLE_STANDARD_HEADERS) && __has_include(<bits/ranges_base.h>)
#include <bits/ranges_base.h>
#else
#include <ranges>
#endif
