# Install rules: libraries, headers, the CMake package and the pkg-config files. Each component has its own export file, so
# that find_package(asyncio COMPONENTS …) looks for a third-party library only when the component that needs it is asked for.

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/asyncio)
set(pkg_config_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# pkg-config files find their prefix from where they lie: `cmake --install --prefix` and moved trees stay correct.
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_LIBDIR libdir_is_absolute)
if(libdir_is_absolute)
    set(pc_prefix ${CMAKE_INSTALL_PREFIX})
else()
    file(RELATIVE_PATH up /prefix/${pkg_config_dir} /prefix)
    string(REGEX REPLACE "/$" "" up "${up}")
    set(pc_prefix "\${pcfiledir}/${up}")
endif()

get_property(components GLOBAL PROPERTY ASYNCIO_COMPONENTS)
foreach(target IN LISTS components)
    get_target_property(name ${target} EXPORT_NAME)
    install(
        TARGETS ${target}
        EXPORT asyncio-${name}-targets
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    )
    install(EXPORT asyncio-${name}-targets NAMESPACE asyncio:: DESTINATION ${package_dir})

    get_target_property(requires ${target} ASYNCIO_PKG_CONFIG_REQUIRES)
    if(target STREQUAL "asyncio")
        set(pc_name asyncio)
        set(pc_libraries "${asyncio_pc_libraries}")
        set(pc_requires "")
        set(pc_description "${PROJECT_DESCRIPTION}")
    else()
        set(pc_name asyncio-${name})
        set(pc_libraries "")
        list(JOIN requires ", " pc_requires)
        string(STRIP "asyncio = ${PROJECT_VERSION}, ${pc_requires}" pc_requires)
        string(REGEX REPLACE ",$" "" pc_requires "${pc_requires}")
        set(pc_description "${PROJECT_DESCRIPTION}: component ${name}")
    endif()
    set(pc_library ${target})
    configure_file(${PROJECT_SOURCE_DIR}/cmake/asyncio.pc.in ${PROJECT_BINARY_DIR}/${pc_name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${pc_name}.pc DESTINATION ${pkg_config_dir})
endforeach()

configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/asyncio-config.cmake.in
    ${PROJECT_BINARY_DIR}/asyncio-config.cmake
    INSTALL_DESTINATION ${package_dir}
)
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/asyncio-config-version.cmake
    VERSION ${PROJECT_VERSION}
    COMPATIBILITY SameMinorVersion
)
install(
    FILES
        ${PROJECT_BINARY_DIR}/asyncio-config.cmake
        ${PROJECT_BINARY_DIR}/asyncio-config-version.cmake
        ${PROJECT_SOURCE_DIR}/cmake/ParkTransfers.cmake
    DESTINATION ${package_dir}
)
