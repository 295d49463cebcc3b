"""A build folder as krew/ finds it after `cmake --build --preset release`, of a program that compiles in a second."""

import subprocess

SOURCE = """#include <zlib.h>

#include <cstring>
#include <iostream>
#include <tl/expected.hpp>

tl::expected<const char*, int> answer(int argc, char** argv) {
  if (argc == 3 && !std::strcmp(argv[1], "completion")) return argv[2];
  if (argc == 2 && !std::strcmp(argv[1], "__man")) return ".TH SMALL 1\\n.SH NAME\\nkubectl-migrate \\\\- small";
  return tl::make_unexpected(2);
}

int main(int argc, char** argv) {
  const auto said = answer(argc, argv);
  if (!said) return said.error();
  std::cout << *said << ' ' << zlibVersion() << '\\n';
}
"""

NINJA = """rule compile
  command = g++ -O1 -fPIE -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
rule link
  command = g++ -static-pie -s -Wl,--gc-sections -Wl,-Map=maps/kubectl-migrate.map $in {zlib} -o $out
build main.o: compile main.cpp
build bin/kubectl-migrate: link main.o
"""


def make(folder):
    """Writes and builds it in `folder`, which must not be there yet. It answers `completion SHELL` and `__man`."""
    for name in ("bin", "maps"):
        (folder / name).mkdir(parents=True)
    zlib = subprocess.run(["g++", "-print-file-name=libz.a"], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "main.cpp").write_text(SOURCE, encoding="utf-8")
    (folder / "build.ninja").write_text(NINJA.format(zlib=zlib), encoding="utf-8")
    subprocess.run(["ninja", "-C", folder, "--quiet"], check=True)
