# What of the static server can be tested without a connection, as a library: its program and its unit tests link it.
# Included by both, whichever comes first.
include_guard(GLOBAL)

find_library(HTTP_PARSER_LIBRARY http_parser)
find_path(HTTP_PARSER_INCLUDE_DIR http_parser.h)
mark_as_advanced(HTTP_PARSER_LIBRARY HTTP_PARSER_INCLUDE_DIR)
if(HTTP_PARSER_LIBRARY AND HTTP_PARSER_INCLUDE_DIR)
    file(GLOB static_server_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
    list(FILTER static_server_sources EXCLUDE REGEX "/main\\.cpp$")
    add_library(static_server_parts STATIC ${static_server_sources})
    target_include_directories(static_server_parts PUBLIC ${CMAKE_CURRENT_LIST_DIR})
    target_include_directories(static_server_parts SYSTEM PUBLIC ${HTTP_PARSER_INCLUDE_DIR})
    target_link_libraries(static_server_parts PUBLIC asyncio::asyncio ${HTTP_PARSER_LIBRARY})
    target_compile_options(static_server_parts PRIVATE ${asyncio_warning_flags})
else()
    message(STATUS "asyncio: libhttp-parser is missing; the static server is left out")
endif()
