# The headers that compiling spends most of its time on, compiled once for libraries and once for tests (which are
# position independent in another way): a typical file then takes 60 % of its time. Only in presets with sanitizers;
# programs as shipped are compiled without, so a file that forgets an include is found there.
function(migrate_precompiled kind)
  cmake_parse_arguments(ARG "" "" "HEADERS;USES" ${ARGN})
  set(name precompiled_for_${kind})
  set(source ${CMAKE_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "int main() { return 0; }\n")
  if(kind STREQUAL tests)
    add_executable(${name} ${source})
  else()
    add_library(${name} STATIC ${source})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_USES} migrate_settings)
  list(TRANSFORM ARG_HEADERS REPLACE "(.+)" "<\\1>" OUTPUT_VARIABLE headers)
  target_precompile_headers(${name} PRIVATE ${headers})
  # ccache would take what another clone has made for something else, so what is in it is said beside it.
  set(content "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${MIGRATE_SANITIZE} ${ARG_HEADERS}")
  foreach(header IN ITEMS nlohmann/json.hpp fmt/format.h fmt/core.h boost/version.hpp)
    file(SHA256 /usr/include/${header} digest)
    string(APPEND content " ${digest}")
  endforeach()
  string(SHA256 sum "${content}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/CMakeFiles/${name}.dir/cmake_pch.hxx.pch.sum CONTENT "${sum}\n")
endfunction()

if(MIGRATE_PRECOMPILE)
  # Without CMake's own "-include HEADER" behind it, which says the same once more and by a path that ccache does not
  # take relative to the clone.
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
  set(common fmt/format.h nlohmann/json.hpp algorithm chrono filesystem functional map memory optional string vector)
  migrate_precompiled(libraries HEADERS ${common} USES dep::json)
  migrate_precompiled(tests HEADERS ${common} boost/test/unit_test.hpp boost/test/data/test_case.hpp
    boost/test/data/monomorphic.hpp USES dep::json dep::test)
endif()

# use_precompiled(TARGET libraries|tests)
function(use_precompiled target kind)
  if(MIGRATE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM precompiled_for_${kind})
  endif()
endfunction()
