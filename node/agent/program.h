// The agent put together.
#pragma once

#include <cstdint>
#include <string>

#include "shared/migration/names.h"

namespace migrate::agent {

struct Settings {
  std::string node;
  std::string host_ip;
  std::string extender = "https://migrate-extender.kubectl-migrate.svc:9443";
  std::string host_root = "/proc/1/root";
  std::string kubelet_folder = "/var/lib/kubelet";
  std::string state_folder = "/var/lib/kubectl-migrate";
  std::string program = "/migrate-runc";
  std::string token = "/var/run/secrets/kubectl-migrate.dev/token";
  std::string authority = "/etc/kubectl-migrate/ca/ca.crt";
  std::string runtime_socket;
  std::string version = MIGRATE_VERSION;
  std::uint16_t port = kAgentPort;
  std::uint16_t metrics_port = kAgentPort + 1;
  std::uint16_t registry_port = kAgentPort + 2;
  bool handler_is_unused = false;  // uninstall: no Pod of the cluster runs under the RuntimeClass any more
};

// Until SIGTERM or SIGINT. The exit code.
[[nodiscard]] int run_agent(const Settings& settings);
// A line on standard output for each thing that was taken away, and that had to be kept. With handler_is_unused nothing
// should: it is tried for half a minute, and the exit code is 3 where something had to.
[[nodiscard]] int run_uninstall(const Settings& settings);

}  // namespace migrate::agent
