# asyncio_park_transfers(<target>): whoever uses the target parks symmetric transfers where GCC would let them grow the stack.
#
# <asyncio/task/transfer.hpp> sees for itself that nothing is optimised or that a sanitizer is on. What no macro tells is GCC's -O1
# and -Og, which optimise but make no tail calls of this kind. Also used by the installed package, for its users' flags.
function(asyncio_park_transfers target)
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        return()
    endif()
    foreach(config IN ITEMS ${CMAKE_BUILD_TYPE} ${CMAKE_CONFIGURATION_TYPES})
        string(TOUPPER ${config} upper)
        string(REGEX MATCHALL "-O[^ ]*" levels "-O0 ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${upper}}")
        list(GET levels -1 level)
        if(level MATCHES "^-O(1|g|)$")
            target_compile_definitions(
                ${target} INTERFACE $<BUILD_INTERFACE:$<$<CONFIG:${config}>:ASYNCIO_PARK_TRANSFERS>>
            )
            get_target_property(imported ${target} IMPORTED)
            if(NOT imported)
                target_compile_definitions(${target} PRIVATE $<$<CONFIG:${config}>:ASYNCIO_PARK_TRANSFERS>)
            endif()
        endif()
    endforeach()
endfunction()
