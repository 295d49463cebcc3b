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

// What runs under the handler `migrate` when it is taken away.
enum class HandlerUse {
  perhaps,  // migrated Pods: migrate-runc is their runtime for life
  none,     // by the API server's word
};
struct Uninstalled {
  std::vector<std::string> changed;
  std::vector<std::string> kept;  // each what has to stay for now, and why
  std::vector<std::string> left;  // what is an administrator's
};
// Takes away what install() has put there, and the state. What must stay is kept, and goes when this is called again:
// of a source that is frozen or committed its folder; of Pods that were restored and live on this node (`pods`: the
// kubelet's folder of Pods) what lets them be started anew, and a link to runc in migrate-runc's place. Settings that
// somebody has changed stay, too.
[[nodiscard]] Result<Uninstalled> uninstall(const InstallationPlace& place, const std::filesystem::path& pods,
                                            HandlerUse use);

// Where migrate-runc writes its log, by its settings, as seen from here.
[[nodiscard]] std::filesystem::path runtime_log_in(const std::filesystem::path& root);

// runc's path on the host; empty when it is nowhere that we know.
[[nodiscard]] std::filesystem::path find_host_runc(const std::filesystem::path& root);

}  // namespace migrate::agent
