#include "plugin/handler_lines.h"

#include <fmt/format.h>

#include "shared/migration/version.h"

namespace migrate::plugin {
namespace {

constexpr Version kSinceThree{2, 0, 0};  // of containerd, from which on it has the third format

// What its formats differ in; the quotes are those of `containerd config default`.
struct Format {
  char quote;
  std::string_view plugin;  // that the kubelet speaks to
  std::string_view at_top;
  std::string_view also;  // in docs/install.md
};
constexpr Format kThree{'\'', "io.containerd.cri.v1.runtime", " (`version = 3` at its top)",
                        ", and these lines for `version = 2`"};
constexpr Format kTwo{'"', "io.containerd.grpc.v1.cri", "", ""};

// {0} is the quote, {1} the plugin.
constexpr std::string_view kContainerd = R"(    [plugins.{0}{1}{0}.containerd.runtimes.migrate]
      runtime_type = {0}io.containerd.runc.v2{0}
      pod_annotations = [{0}kubectl-migrate.dev/*{0}]
      [plugins.{0}{1}{0}.containerd.runtimes.migrate.options]
        BinaryName = {0}/opt/kubectl-migrate/bin/migrate-runc{0}
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

std::string containerd_advice(const Format& has) {
  return fmt::format(
      "An administrator adds to /etc/containerd/config.toml there{}, or to a file of its own in a folder that its "
      "`imports` name:\n"
      "{}"
      "with SystemdCgroup as its runc has it, and base_runtime_spec where that has one; then: systemctl restart "
      "containerd\n"
      "docs/install.md has kind's, k3s' and RKE2's files{}",
      has.at_top, fmt::format(kContainerd, has.quote, has.plugin), has.also);
}

}  // namespace

std::string handler_advice(std::string_view runtime, std::string_view version) {
  if (runtime == "containerd") return containerd_advice(parse_version(version) >= kSinceThree ? kThree : kTwo);
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
