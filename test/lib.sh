# shellcheck shell=bash
# What test/all, test/full and test/demo share. The caller stands in the project's root.

# stage TEXT COMMAND…: says what begins and how long it took; a failure ends the script.
stage() {
  local text=$1 began=$SECONDS
  shift
  printf '\n==> %s\n' "$text" >&2
  "$@"
  printf '==> %s: done in %d s\n' "$text" $((SECONDS - began)) >&2
}

build() { # PRESET [TARGET…]
  local preset=$1
  shift
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" ${1:+--target "$@"}
}

# Everything from nothing: packages, static libraries, the programs as shipped, the tests.
set_up() {
  stage 'packages and static libraries' cmake/install-dependencies
  stage 'build the static programs' build release
  stage 'build the tests (warnings are errors)' build dev
}

test_sanitized() { # PRESET: asan or tsan
  build "$1" unit_tests
  ctest --preset "$1" -L '^unit$'
}
