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
