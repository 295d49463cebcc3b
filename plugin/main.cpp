// kubectl-migrate: the kubectl plugin, `kubectl migrate`.
#include "shared/base/main.h"
#include "plugin/program.h"

int main(int argc, char** argv) {
  return migrate::run_main("kubectl-migrate", [&] {
    if (argc == 0) return migrate::plugin::run("", {});  // as execve() allows
    return migrate::plugin::run(argv[0], {argv + 1, argv + argc});
  });
}
