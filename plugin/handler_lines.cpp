#include "plugin/handler_lines.h"

#include <fmt/format.h>

#include "shared/migration/version.h"

namespace migrate::plugin {
namespace {

constexpr Version kFormatThree{2, 0, 0};  // of containerd, from which on it has the third format

constexpr std::string_view kContainerd = R"(    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.migrate]
      runtime_type = 'io.containerd.runc.v2'
      pod_annotations = ['kubectl-migrate.dev/*']
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.migrate.options]
        BinaryName = '/opt/kubectl-migrate/bin/migrate-runc'
        SystemdCgroup = true
)";

constexpr std::string_view kOldContainerd = R"(    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.migrate]
      runtime_type = "io.containerd.runc.v2"
      pod_annotations = ["kubectl-migrate.dev/*"]
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.migrate.options]
        BinaryName = "/opt/kubectl-migrate/bin/migrate-runc"
        SystemdCgroup = true
)";

constexpr std::string_view kCrio = R"(    [crio.runtime]
    enable_criu_support = true
    [crio.runtime.runtimes.migrate]
    runtime_path = "/opt/kubectl-migrate/bin/migrate-runc"
    runtime_type = "oci"
    runtime_root = "/run/runc"
    monitor_path = "/usr/bin/conmon"
)";

std::string containerd_advice(bool has_format_three) {
  return fmt::format(
      "An administrator adds to /etc/containerd/config.toml there{}, or to a file of its own in a folder that its "
      "`imports` name:\n"
      "{}"
      "with SystemdCgroup as its runc has it, and base_runtime_spec where that has one; then: systemctl restart "
      "containerd\n"
      "docs/install.md has kind's, k3s' and RKE2's files{}",
      has_format_three ? " (`version = 3` at its top)" : "", has_format_three ? kContainerd : kOldContainerd,
      has_format_three ? ", and these lines for `version = 2`" : "");
}

}  // namespace

std::string handler_advice(std::string_view runtime, std::string_view version) {
  if (runtime == "containerd") return containerd_advice(parse_version(version) >= kFormatThree);
  if (runtime == "cri-o")
    return fmt::format(
        "An administrator adds a file in /etc/crio/crio.conf.d there:\n"
        "{}"
        "with runtime_root and monitor_path as its runc has them; then: systemctl restart crio\n"
        "and once more when the agent has put /opt/kubectl-migrate/bin/migrate-runc there",
        kCrio);
  return "An administrator adds it to the runtime's configuration and restarts it: docs/install.md, \"The nodes\"";
}

}  // namespace migrate::plugin
