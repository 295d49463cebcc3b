// migrate-runc: the OCI runtime of the RuntimeClass `migrate`. Settings: /etc/kubectl-migrate/runtime.json, or the file
// that MIGRATE_RUNC_SETTINGS names.
#include <csignal>
#include <cstdlib>

#include "node/runtime/program.h"
#include "shared/base/main.h"

int main(int argc, char** argv) {
  migrate::runtime::Surroundings surroundings;
  ::sigaction(SIGPIPE, nullptr, &surroundings.broken_pipe);  // before run_main ignores it
  return migrate::run_main("migrate-runc", [&] {
    const auto variable = [](const char* name, const char* otherwise) {
      const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
      return std::string(value != nullptr && *value != '\0' ? value : otherwise);
    };
    surroundings.settings = variable("MIGRATE_RUNC_SETTINGS", "/etc/kubectl-migrate/runtime.json");
    surroundings.self = "/proc/self/exe";
    surroundings.path_variable = variable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    return migrate::runtime::run({argv + 1, argv + argc}, surroundings);
  });
}
