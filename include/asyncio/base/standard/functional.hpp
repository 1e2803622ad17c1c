#pragma once

// std::function, std::less and their like, std::reference_wrapper. libstdc++'s <functional> adds searchers and, for
// these, hash tables and algorithms.
#if !defined(ASYNCIO_WHOLE_STANDARD_HEADERS) && __has_include(<bits/refwrap.h>) && \
    __has_include(<bits/std_function.h>) && \
    __has_include(<bits/stl_function.h>)
#include <bits/refwrap.h>
#include <bits/std_function.h>
#include <bits/stl_function.h>
#else
#include <functional>
#endif
