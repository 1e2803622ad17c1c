# asyncio_component(<target> [FOLDER <folder> | EXCEPT <folder>...] LINK <target>... [REQUIRES <pkg-config package>...])
#
# One library of the project from src/<FOLDER>/**/*.cpp with the public headers include/asyncio/<FOLDER>/**/*.hpp; without
# FOLDER, everything but the folders after EXCEPT. `asyncio_x` is known as asyncio::x in the build tree and once installed.
function(asyncio_component target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER" "EXCEPT;LINK;REQUIRES")

    set(include_root ${PROJECT_SOURCE_DIR}/include)
    cmake_path(APPEND source_folder ${PROJECT_SOURCE_DIR}/src ${arg_FOLDER})
    cmake_path(APPEND header_folder ${include_root}/asyncio ${arg_FOLDER})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${source_folder}/*.cpp)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${header_folder}/*.hpp)
    foreach(folder IN LISTS arg_EXCEPT)
        list(FILTER sources EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/src/${folder}/")
        list(FILTER headers EXCLUDE REGEX "^${include_root}/asyncio/${folder}/")
    endforeach()

    string(REGEX REPLACE "^asyncio_" "" name ${target})
    if(NOT sources)
        # A component of headers alone, or one whose sources are still to be written, is a library all the same.
        set(sources ${CMAKE_CURRENT_BINARY_DIR}/${target}_empty.cpp)
        file(WRITE ${sources} "")
    endif()
    add_library(${target} ${sources})
    add_library(asyncio::${name} ALIAS ${target})

    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${include_root} FILES ${headers})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PUBLIC ${arg_LINK})
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_compile_options(${target} PRIVATE ${asyncio_warning_flags})
    set_target_properties(
        ${target}
        PROPERTIES
            CXX_EXTENSIONS OFF
            EXPORT_NAME ${name}
            VERSION ${PROJECT_VERSION}
            SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
            # `all_verify_interface_header_sets` compiles each public header on its own.
            VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL}
    )

    if(ASYNCIO_UNITY)
        # One unit for each folder: names in unnamed namespaces then need to differ only within a folder.
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
        foreach(source IN LISTS sources)
            cmake_path(GET source PARENT_PATH folder)
            file(RELATIVE_PATH group ${source_folder} ${folder})
            string(MAKE_C_IDENTIFIER "${name}_${group}" group)
            set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
        endforeach()
        # GCC takes what a .cpp file includes for a header, and warns of coroutines that hold a type without linkage.
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    endif()

    # Read by cmake/Install.cmake.
    set_target_properties(${target} PROPERTIES ASYNCIO_PKG_CONFIG_REQUIRES "${arg_REQUIRES}")
    set_property(GLOBAL APPEND PROPERTY ASYNCIO_COMPONENTS ${target})
endfunction()
