# Configures, builds and runs one consumer project in an empty build folder (see CMakeLists.txt for the variables).
file(REMOVE_RECURSE ${BINARY_DIR})
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)

execute_process(
    COMMAND
        ${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${BINARY_DIR} -G ${GENERATOR} #
        -DCMAKE_BUILD_TYPE=Release #
        "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG" #
        -DCMAKE_CXX_COMPILER=${COMPILER} #
        "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" #
        -DCMAKE_PREFIX_PATH=${PREFIX} #
        -DASYNCIO_ROOT=${ROOT} #
        -DCONSUMER_CURL=${CURL}
    COMMAND_ERROR_IS_FATAL ANY
)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BINARY_DIR} --parallel 2 COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${BINARY_DIR}/consumer OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "4 + 6 = 10\n")
    message(FATAL_ERROR "the consumer printed: ${output}")
endif()
