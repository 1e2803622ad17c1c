# make_units(<variable> <target> <source>...): fewer, larger translation units of the test files, three of one folder in each, for
# builds in which compiling costs more than anything else: what the files instantiate alike is then compiled once (a third less
# processor time with GCC's sanitizers). Sets <variable> to what is to be compiled.
#
# A unit includes each file inside a namespace of its own, so that their names need not differ, after all their includes. Files
# that do not bear that (a named namespace, a specialisation, a main function) are compiled alone; those that cannot be recognised
# say so by the words "not in a unit".
set(not_in_a_unit "^namespace [a-z]|^template *<> *|^int main|^extern \"C\"|^#line|not in a unit")

function(make_units variable target)
    set(alone "")
    set(joined "")
    foreach(source IN LISTS ARGN)
        file(STRINGS ${source} reason REGEX "${not_in_a_unit}" LIMIT_COUNT 1)
        if(reason)
            list(APPEND alone ${source})
        else()
            list(APPEND joined ${source})
        endif()
    endforeach()

    set(units "")
    set(number 0)
    while(joined)
        set(includes "")
        set(bodies "")
        foreach(index RANGE 1 3)
            list(POP_FRONT joined source)
            if(NOT source)
                break()
            endif()
            file(STRINGS ${source} more REGEX "^#include ")
            list(APPEND includes ${more})
            file(RELATIVE_PATH name ${CMAKE_CURRENT_SOURCE_DIR} ${source})
            string(MAKE_C_IDENTIFIER ${name} space)
            string(APPEND bodies "namespace unit_${space} {\n#include \"${source}\"\n}\n")
            # Its includes are copied here.
            set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
        endforeach()
        list(REMOVE_DUPLICATES includes)
        list(JOIN includes "\n" includes)
        set(unit ${CMAKE_CURRENT_BINARY_DIR}/units/${target}_${number}.cpp)
        file(CONFIGURE OUTPUT ${unit} CONTENT "${includes}\n${bodies}" @ONLY)
        list(APPEND units ${unit})
        math(EXPR number "${number} + 1")
    endwhile()
    set(${variable} ${units} ${alone} PARENT_SCOPE)
endfunction()
