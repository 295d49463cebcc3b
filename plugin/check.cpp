// check: whether migrations would work here, and what to do where they would not.
#include <fmt/format.h>

#include <ostream>

#include "plugin/cluster_checks.h"
#include "plugin/commands.h"
#include "plugin/json_path.h"
#include "plugin/node_checks.h"
#include "plugin/pod_checks.h"

namespace migrate::plugin {
namespace {

// Why the controller would be asked in vain; empty: it is not known that it would.
std::string hindrance(const ClusterSight& sight, bool may_ask) {
  if (!sight.has_schema) return "the cluster's schema is older than this plugin";
  if (!sight.is_led) return "no controller is at work";
  return may_ask ? "" : "you may not create the Migration that asks it";
}

// Where it runs, or is to; nothing: that cannot be seen, or it is nowhere yet.
std::optional<std::string> node_of(const Subject& subject) {
  if (!subject.pod) return std::nullopt;
  std::string node = text_at(*subject.pod, {"spec", "nodeName"});
  return node.empty() ? std::nullopt : std::optional{std::move(node)};
}

int concluded(CheckList& checks) {
  return checks.conclude() ? exit_code::kDone : exit_code::kFailed;
}

int check_cluster(const Session& session, const Options& options, CheckList& checks, ClusterSight& sight) {
  check_controller(session, checks, sight);
  check_nodes(session, options, checks, sight.now, std::nullopt);
  (void)check_namespace(session, options, checks);
  const int code = concluded(checks);
  const bool is_read_by_a_person = session.io.out.is_live && !is_document(options.output);
  if (code == exit_code::kDone && is_read_by_a_person)
    session.io.out.stream << "\nNext, one of your Pods: kubectl migrate check POD\n" << std::flush;
  return code;
}

int check_with_pod(const Session& session, const Options& options, CheckList& checks, ClusterSight& sight) {
  const Subject subject = subject_of(session, options);
  if (!subject.asked && subject.asked.error().code == exit_code::kUsage)
    return report(session.io, subject.asked.error());
  check_controller(session, checks, sight);
  check_nodes(session, options, checks, sight.now, node_of(subject));
  const bool may_ask = check_namespace(session, subject.asked ? *subject.asked : options, checks);
  checks.group("pod");
  const std::string in_vain = hindrance(sight, may_ask);
  if (!in_vain.empty())
    checks.skipped(fmt::format("the controller looks at Pod {}/{}", session.namespace_, options.name), in_vain);
  else if (const auto asked = check_pod(session, options, subject, checks); !asked) {
    checks.conclude();
    return report(session.io, asked.error());
  }
  return concluded(checks);
}

}  // namespace

int run_check(const Session& session, const Options& options) {
  CheckList checks{session.io, options.output};
  ClusterSight sight = check_kubernetes(session, checks);
  if (!sight.is_installed) return concluded(checks);
  return options.name.empty() ? check_cluster(session, options, checks, sight)
                              : check_with_pod(session, options, checks, sight);
}

}  // namespace migrate::plugin
