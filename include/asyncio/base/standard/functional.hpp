#pragma once

// std::function, std::less and their like, std::reference_wrapper. libstdc++'s <functional> adds searchers and, for
// these, hash tables and algorithms.
#if __has_include(<bits/std_function.h>)
#include <bits/refwrap.h>
#include <bits/std_function.h>
#include <bits/stl_function.h>
#else
#include <functional>
#endif
