# What a user can choose. Tests, examples and benchmarks belong to this repository: whoever embeds the library with
# add_subdirectory gets the library alone.

option(ASYNCIO_BUILD_TESTS "Build the tests (GoogleTest)" ${PROJECT_IS_TOP_LEVEL})
option(ASYNCIO_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(ASYNCIO_BUILD_PROGRAMS "Build the program asyncio (ps, pstree)" ${PROJECT_IS_TOP_LEVEL})
option(ASYNCIO_BUILD_BENCH "Build the benchmarks (Google Benchmark, Asio)" OFF)
option(ASYNCIO_INSTALL "Create install rules" ${PROJECT_IS_TOP_LEVEL})
option(ASYNCIO_WARNINGS "Compile our own sources with -Wall -Wextra -Wpedantic" ${PROJECT_IS_TOP_LEVEL})
option(ASYNCIO_WERROR "Warnings in our own sources are errors" OFF)
option(ASYNCIO_CCACHE "Compile through ccache when it is installed" ${PROJECT_IS_TOP_LEVEL})

set(ASYNCIO_WITH_CURL AUTO CACHE STRING "Build the component asyncio::curl: AUTO (when libcurl is found), ON or OFF")
set_property(CACHE ASYNCIO_WITH_CURL PROPERTY STRINGS AUTO ON OFF)

set(ASYNCIO_WITH_PROTOBUF AUTO CACHE STRING "Build the component asyncio::protobuf: AUTO (when it is found), ON or OFF")
set_property(CACHE ASYNCIO_WITH_PROTOBUF PROPERTY STRINGS AUTO ON OFF)

option(ASYNCIO_WITH_BACKTRACE "Read debug information with GCC's libbacktrace, when it is found" ON)

set(ASYNCIO_TESTS_MENTIONING "" CACHE STRING "Build only the test files that contain this regular expression (empty: all)")

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

# Our own programs and tests are as standard as the library.
if(PROJECT_IS_TOP_LEVEL)
    set(CMAKE_CXX_EXTENSIONS OFF)
endif()

set(asyncio_warning_flags "")
if(ASYNCIO_WARNINGS)
    list(APPEND asyncio_warning_flags -Wall -Wextra -Wpedantic)
endif()
if(ASYNCIO_WERROR)
    list(APPEND asyncio_warning_flags -Werror)
endif()

if(ASYNCIO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(ASYNCIO_CCACHE_PROGRAM ccache)
    mark_as_advanced(ASYNCIO_CCACHE_PROGRAM)
    if(ASYNCIO_CCACHE_PROGRAM)
        # Without these two leniencies ccache never caches a file that uses a precompiled header.
        set(CMAKE_CXX_COMPILER_LAUNCHER
            ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${ASYNCIO_CCACHE_PROGRAM}
        )
    endif()
endif()

# asyncio_find_optional(<package> <option>): find_package as the option (AUTO, ON, OFF) says; sets <package>_FOUND.
macro(asyncio_find_optional package option)
    if(${option} STREQUAL "AUTO")
        find_package(${package} QUIET)
    elseif(${option})
        find_package(${package} REQUIRED)
    else()
        set(${package}_FOUND FALSE)
    endif()
    message(STATUS "asyncio: ${package} found: ${${package}_FOUND} (${option}=${${option}})")
endmacro()
