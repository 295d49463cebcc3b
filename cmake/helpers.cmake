# migrate_library(NAME SOURCES… [USES targets…]): one static library of our own code
function(migrate_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE migrate_settings)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  use_precompiled(${name} libraries)
endfunction()

# migrate_program(NAME SOURCES… USES targets…): a thin main over libraries, in bin/
function(migrate_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} migrate_settings migrate_program)
endfunction()

# migrate_test(NAME SOURCES… USES targets… [LABELS labels…] [PROPERTIES name value…]): one Boost.Test program = one suite
# = one ctest entry. The label is `unit` unless another one is given.
# Not built into static releases: Boost.Test is linked as a shared object.
function(migrate_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LABELS;PROPERTIES" ${ARGN})
  if(MIGRATE_STATIC)
    return()
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT TARGET test_main)
    add_library(test_main OBJECT ${CMAKE_SOURCE_DIR}/test/unit/main.cpp)
    target_link_libraries(test_main PRIVATE dep::test migrate_settings)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
  target_link_libraries(${name} PRIVATE ${ARG_USES} test_main dep::test migrate_settings)
  use_precompiled(${name} tests)
  if(ARG_LABELS STREQUAL unit)
    add_dependencies(unit_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} --color_output=no --log_level=test_suite --report_level=short)
  # Where end-to-end tests find the cluster script and the programs as shipped.
  # The limit only ends what hangs.
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 900
    ENVIRONMENT "MIGRATE_SOURCE=${CMAKE_SOURCE_DIR};MIGRATE_PROGRAMS=${CMAKE_SOURCE_DIR}/build/release/bin")
  if(ARG_PROPERTIES)
    set_tests_properties(${name} PROPERTIES ${ARG_PROPERTIES})
  endif()
endfunction()

# migrate_python_test(NAME MODULE [LABELS labels…] [PROPERTIES name value…]): MODULE.py of this folder, with python3 as
# Debian has it. What these have in common is in test/python.
function(migrate_python_test name module)
  cmake_parse_arguments(ARG "" "" "LABELS;PROPERTIES" ${ARGN})
  if(MIGRATE_STATIC)
    return()
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} -B -W error -m unittest -v ${module})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    ENVIRONMENT "PYTHONPATH=${CMAKE_SOURCE_DIR}/test/python;MIGRATE_PROGRAMS=${CMAKE_SOURCE_DIR}/build/release/bin")
  if(ARG_PROPERTIES)
    set_tests_properties(${name} PROPERTIES ${ARG_PROPERTIES})
  endif()
endfunction()

# migrate_proto(NAME FILE.proto… [ROOT folder]): the messages and gRPC stubs of .proto files as one library. Generated
# code is not ours: no warnings of it, and it is included as a system header, "PATH-BELOW-ROOT.pb.h".
function(migrate_proto name)
  cmake_parse_arguments(ARG "" "ROOT" "" ${ARGN})
  if(NOT ARG_ROOT)
    set(ARG_ROOT ${CMAKE_SOURCE_DIR})
  endif()
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(proto IN LISTS ARG_UNPARSED_ARGUMENTS)
    get_filename_component(path ${proto} ABSOLUTE)
    file(RELATIVE_PATH below ${ARG_ROOT} ${path})
    string(REGEX REPLACE "\\.proto$" "" stem ${below})
    set(made ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
    add_custom_command(OUTPUT ${made} DEPENDS ${path} VERBATIM
      COMMAND ${PROTOC} -I ${ARG_ROOT} --cpp_out=${out} --grpc_out=${out} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${below})
    list(APPEND sources ${made})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_compile_options(${name} PRIVATE -w -ffunction-sections -fdata-sections)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC dep::grpc)
endfunction()
