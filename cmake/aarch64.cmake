# The toolchain of the preset release-arm64: Debian's cross compiler, against the sysroot that cmake/aarch64-sysroot
# makes. Programs that the build itself runs (protoc) are this machine's.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(cache $ENV{XDG_CACHE_HOME})
if(NOT cache)
  set(cache $ENV{HOME}/.cache)
endif()
set(CMAKE_SYSROOT ${cache}/kubectl-migrate/sysroot-aarch64)
if(NOT EXISTS ${CMAKE_SYSROOT})
  message(FATAL_ERROR "no ${CMAKE_SYSROOT}: run cmake/install-dependencies --release first")
endif()
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
# The compiler's packages bring a libc of their own, which gets no security updates: the sysroot's comes first.
set(CMAKE_EXE_LINKER_FLAGS_INIT -B${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# For what the build makes of its own programs: the manual page.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
