# How our own code is compiled. Both targets are linked PRIVATE by our targets only (helpers.cmake does it).
option(MIGRATE_DEV "Warnings are errors: for developers and CI, never for users' compilers" OFF)
option(MIGRATE_STATIC "Link static-pie programs that run in an empty root" OFF)
option(MIGRATE_PRECOMPILE "Precompile the headers that take most of the time: for presets whose compiler is clang" OFF)
set(MIGRATE_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

# Where everything of ours that outlives a clone is kept.
set(MIGRATE_CACHE $ENV{XDG_CACHE_HOME})
if(NOT MIGRATE_CACHE)
  set(MIGRATE_CACHE $ENV{HOME}/.cache)
endif()
string(APPEND MIGRATE_CACHE /kubectl-migrate)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# A fresh clone compiles what another clone here has compiled before in seconds. Paths below the clone are hashed
# relative, and the folder itself not at all, so that the clone's place does not matter. The last two are for
# precompiled headers (precompiled.cmake).
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_DIR=${MIGRATE_CACHE}/ccache
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=3G
    CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1 ${CCACHE})
endif()

if(MIGRATE_SANITIZE)
  add_compile_options(-fsanitize=${MIGRATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MIGRATE_SANITIZE})
endif()

add_library(migrate_settings INTERFACE)
target_include_directories(migrate_settings INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(migrate_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wdouble-promotion -Wcast-align
  $<$<BOOL:${MIGRATE_DEV}>:-Werror>
  -ffunction-sections -fdata-sections)
target_compile_definitions(migrate_settings INTERFACE
  MIGRATE_VERSION="${PROJECT_VERSION}"
  JSON_USE_IMPLICIT_CONVERSIONS=0
  FMT_HEADER_ONLY SPDLOG_HEADER_ONLY SPDLOG_FMT_EXTERNAL)

find_package(Threads REQUIRED)

# -static-pie rather than -static: the first throw of a plain static program costs 8-15 ms (no PT_GNU_EH_FRAME).
# --gc-sections keeps libarchive from dragging in libxml2, ICU and nettle for formats we never name.
# The linker's map tells which archives a program has parts of: krew/sbom reads it.
add_library(migrate_program INTERFACE)
if(MIGRATE_STATIC)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/maps)
  target_link_options(migrate_program INTERFACE -static-pie -Wl,--gc-sections -s
    -Wl,-Map=${CMAKE_BINARY_DIR}/maps/$<TARGET_PROPERTY:NAME>.map)
endif()
