#pragma once

// std::unique_ptr, std::shared_ptr, std::allocator and what constructs and destroys. libstdc++'s <memory> adds range
// and parallel algorithms.
#if !defined(ASYNCIO_WHOLE_STANDARD_HEADERS) && __has_include(<bits/shared_ptr.h>) && \
    __has_include(<bits/stl_uninitialized.h>) && \
    __has_include(<bits/unique_ptr.h>)
#include <bits/shared_ptr.h>
#include <bits/stl_uninitialized.h>
#include <bits/unique_ptr.h>
#else
#include <memory>
#endif
