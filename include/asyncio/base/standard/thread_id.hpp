#pragma once

// std::thread::id. libstdc++'s <thread> adds stop tokens and semaphores.
#if __has_include(<bits/std_thread.h>)
#include <bits/std_thread.h>
#else
#include <thread>
#endif
