// What the agent puts on its node: migrate-runc, where it finds runc, and CRIU's configuration. Idempotent; what is
// there already and right is not written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"

namespace migrate::agent {

struct InstallationPlace {
  std::filesystem::path root;                       // the host's files as seen from here
  std::filesystem::path program = "/migrate-runc";  // in our own image
  std::filesystem::path state = "/var/lib/kubectl-migrate";
};

inline constexpr const char* kInstalledRuntime = "/opt/kubectl-migrate/bin/migrate-runc";
inline constexpr const char* kRuntimeSettings = "/etc/kubectl-migrate/runtime.json";
inline constexpr const char* kCriuConfiguration = "/etc/criu/runc.conf";

// A running migrate-runc goes on: the new one takes its name by rename. The answer: what was changed, for the log.
[[nodiscard]] Result<std::vector<std::string>> install(const InstallationPlace& place);

// Takes CRIU's options away and leaves a link to runc in migrate-runc's place, as it stays the runtime of migrated
// Pods for their life.
[[nodiscard]] Result<std::vector<std::string>> uninstall(const InstallationPlace& place);

// runc's path on the host; empty when it is nowhere that we know.
[[nodiscard]] std::filesystem::path find_host_runc(const std::filesystem::path& root);

}  // namespace migrate::agent
