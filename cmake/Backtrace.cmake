# GCC's libbacktrace, when it is there: with it, debug mode can say which line made a coroutine that was never awaited. It comes
# with the compiler (Debian: libgcc-dev), and Clang finds it in GCC's directory.
include(CheckCXXSourceCompiles)

if(ASYNCIO_WITH_BACKTRACE)
    set(CMAKE_REQUIRED_LIBRARIES backtrace)
    check_cxx_source_compiles(
        "extern \"C\" void* backtrace_create_state(const char*, int, void (*)(void*, const char*, int), void*);
        int main() { return backtrace_create_state(nullptr, 1, nullptr, nullptr) == nullptr; }"
        ASYNCIO_HAS_BACKTRACE
    )
    unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(ASYNCIO_WITH_BACKTRACE AND ASYNCIO_HAS_BACKTRACE)
    target_compile_definitions(asyncio PRIVATE ASYNCIO_HAS_BACKTRACE=1)
    target_link_libraries(asyncio PRIVATE backtrace)
    set(asyncio_pc_libraries "-lbacktrace")
endif()
