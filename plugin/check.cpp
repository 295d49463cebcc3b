// check: whether migrations would work here, and what to do where they would not.
#include <fmt/format.h>

#include "plugin/cluster_checks.h"
#include "plugin/commands.h"
#include "plugin/node_checks.h"
#include "plugin/pod_checks.h"

namespace migrate::plugin {

int run_check(const Session& session, const Options& options) {
  CheckList checks{session.io, options.output};
  const auto concluded = [&] { return checks.conclude() ? exit_code::kDone : exit_code::kFailed; };
  ClusterSight sight = check_kubernetes(session, checks);
  if (!sight.is_installed) return concluded();
  check_controller(session, checks, sight);
  check_nodes(session, options, checks, sight.now);
  const bool may_ask = check_namespace(session, options, checks);
  if (options.name.empty()) return concluded();
  std::string hindrance;
  if (!may_ask) hindrance = "you may not create the Migration that asks it";
  if (!sight.is_led) hindrance = "no controller is at work";
  if (!sight.has_schema) hindrance = "the cluster's schema is older than this plugin";
  checks.group("pod");
  if (!hindrance.empty()) {
    checks.skipped(fmt::format("the controller looks at Pod {}/{}", session.namespace_, options.name), hindrance);
    return concluded();
  }
  if (const auto asked = check_pod(session, options, checks); !asked) {
    checks.conclude();
    return report(session.io, asked.error());
  }
  return concluded();
}

}  // namespace migrate::plugin
