#include "plugin/pod_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"
#include "plugin/hints.h"
#include "plugin/json_path.h"
#include "plugin/look.h"
#include "plugin/of_group.h"
#include "plugin/outcome.h"
#include "plugin/plan_text.h"
#include "plugin/pod_defaults.h"
#include "plugin/preflight.h"
#include "plugin/similar.h"
#include "plugin/trial.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

// Of Pods the whole check is about one or, without a name, about none: then a namespace that is not meant for
// migrations is no fault.
Mark fault(const Options& options) {
  return options.name.empty() ? Mark::note : Mark::failed;
}

std::string enable_line(const std::string& namespace_) {
  return fmt::format("an administrator of it runs: kubectl migrate enable -n {}", namespace_);
}

void check_enabled(const Session& session, const Options& options, CheckList& checks) {
  const std::string& name = session.namespace_;
  const std::string what = fmt::format("migrations are enabled in namespace {}", name);
  const auto found = look_at(session, kube::core("namespaces", {}, name), what);
  if (!found) return checks.add(found.error());
  if (!*found)
    return checks.add({fault(options), what, "there is no such namespace; kubectl get namespaces shows all",
                       hint("NamespaceNotEnabled")});
  if (text_at(**found, {"metadata", "labels", kEnabledLabel}) == "true") return checks.ok(what);
  checks.add({fault(options), what, enable_line(name), hint("NamespaceNotEnabled")});
}

// The label promises these.
void check_controllers_rights(const Session& session, const Options& options, CheckList& checks) {
  constexpr const char* kBinding = "kubectl-migrate";
  const std::string what = fmt::format("the controller has its rights in namespace {}", session.namespace_);
  kube::ResourcePath path = of_group("rbac.authorization.k8s.io", "rolebindings", session.namespace_, kBinding);
  const auto here = look_at(session, path, what);
  if (!here) return checks.add(here.error());
  if (*here) return checks.ok(what);
  path.plural = "clusterrolebindings";
  path.namespace_.clear();
  const auto everywhere = look_at(session, path, what);
  if (!everywhere) return checks.add(everywhere.error());
  if (*everywhere) return checks.ok(what);
  checks.add({fault(options), what,
              fmt::format("there is neither a RoleBinding nor a ClusterRoleBinding {}; {}", kBinding,
                          enable_line(session.namespace_)),
              hint("NamespaceNotEnabled")});
}

struct Right {
  std::string verb;
  kube::ResourcePath path;
};

// What the policy kubectl-migrate-migration-needs-right-to-pod and the API server ask of who begins a migration.
// False: it is known that there is none.
bool check_right(const Session& session, const Options& options, CheckList& checks, const Right& right) {
  const kube::ResourcePath& path = right.path;
  const std::string type = fmt::format("{}{}{}{}{}", path.plural, path.group.empty() ? "" : ".", path.group,
                                       path.subresource.empty() ? "" : "/", path.subresource);
  const std::string what = fmt::format("you may {} {}{} in namespace {}", right.verb, type,
                                       path.name.empty() ? "" : " of " + path.name, path.namespace_);
  Json asked = {{"verb", right.verb}, {"resource", path.plural}, {"namespace", path.namespace_}};
  if (!path.group.empty()) asked["group"] = path.group;
  if (!path.subresource.empty()) asked["subresource"] = path.subresource;
  if (!path.name.empty()) asked["name"] = path.name;
  const kube::ResourcePath reviews = of_group("authorization.k8s.io", "selfsubjectaccessreviews");
  const auto review = reviewed(session, reviews,
                               {{"apiVersion", "authorization.k8s.io/v1"},
                                {"kind", "SelfSubjectAccessReview"},
                                {"spec", {{"resourceAttributes", std::move(asked)}}}});
  if (!review) checks.add(unseen(review.error(), what, "create", reviews));
  if (!review) return true;
  if (flag_at(*review, {"status", "allowed"})) {
    checks.ok(what);
    return true;
  }
  checks.add({fault(options), what,
              fmt::format("you may not; an administrator gives the right (kubectl auth can-i {} {} -n {} asks for it)",
                          right.verb, type, path.namespace_),
              hint(Topic::missing_right)});
  return false;
}

bool is_about(const RefusalNote& refusal, std::initializer_list<std::string_view> reasons) {
  return std::find(reasons.begin(), reasons.end(), refusal.reason) != reasons.end();
}

// Only where the controller came so far as to look at it.
void add_queue(const MigrationStatus& status, const Strategy asked, const NamedQueue& queue,
               std::vector<Check>& lines) {
  if (!queue.is_named() || (status.alternatives.empty() && status.phase != Phase::planned)) return;
  const bool is_broken = std::any_of(status.refusals.begin(), status.refusals.end(), [](const RefusalNote& one) {
    return is_about(one, {"Broker", "BrokerSecret", "BrokerRights"});
  });
  if (is_broken) return;  // that has lines of its own
  lines.push_back({Mark::ok, fmt::format("the controller reaches the broker of Secret {}", queue.secret)});
  const auto live = std::find_if(status.alternatives.begin(), status.alternatives.end(),
                                 [](const Alternative& one) { return one.strategy == Strategy::live; });
  if (asked == Strategy::stop || live == status.alternatives.end()) return;
  const std::string what = fmt::format("what queue {} gets can be replayed", queue.queue);
  if (live->against.empty()) lines.push_back({Mark::ok, what});
  // Asked for by name, it is refused instead.
  if (!live->against.empty() && asked == Strategy::automatic)
    lines.push_back({Mark::note, what, joined(live->against, "\n"), hint(Topic::no_replay)});
}

}  // namespace

NamedQueue queue_of(const Options& options, const Json& pod) {
  NamedQueue named{options.queue, options.broker_secrets.empty() ? "" : options.broker_secrets.front()};
  if (named.queue.empty()) named.queue = text_at(pod, {"metadata", "annotations", kQueueAnnotation});
  if (named.secret.empty()) named.secret = text_at(pod, {"metadata", "annotations", kBrokerSecretAnnotation});
  return named;
}

std::vector<Check> pod_checks(const Migration& answer, const NamedQueue& queue) {
  const MigrationStatus& status = answer.status;
  const std::string pod = fmt::format("Pod {}/{}", answer.namespace_, answer.spec.pod);
  std::vector<Check> lines;
  const auto refusals = refusals_of(status);
  for (const RefusalNote& one : refusals)
    lines.push_back({Mark::failed, one_line(one.reason), one_line(one.message), hint(one_line(one.reason))});
  if (status.phase != Phase::planned && refusals.empty())
    lines.push_back({Mark::failed, fmt::format("the controller looks at {}", pod),
                     fmt::format("it ended {}: {}", to_string(status.phase), why(status)), hint(Topic::no_answer)});
  if (status.phase == Phase::planned)
    lines.push_back({Mark::ok, fmt::format("the controller would migrate {}: nothing speaks against it", pod)});
  add_queue(status, answer.spec.strategy, queue, lines);
  for (const std::string& warning : status.warnings)
    lines.push_back({Mark::note, "the controller warns", one_line(warning)});
  if (const std::string forecast = forecast_text(status); status.phase == Phase::planned)
    lines.push_back({Mark::ok, fmt::format("strategy {}{}{}", to_string(status.strategy),
                                           forecast.empty() ? "" : ", forecast: ", forecast)});
  return lines;
}

Subject subject_of(const Session& session, const Options& options) {
  Subject subject{named_pod(session, options.name), options};
  if (subject.pod) subject.asked = with_pod_defaults(options, *subject.pod);
  return subject;
}

bool check_namespace(const Session& session, const Options& options, CheckList& checks) {
  checks.group("namespace");
  check_enabled(session, options, checks);
  check_controllers_rights(session, options, checks);
  bool may_ask = check_right(session, options, checks, {"create", migrations(session.namespace_)});
  may_ask &= check_right(session, options, checks, {"create", kube::pod(session.namespace_, options.name).sub("exec")});
  std::vector<std::string> secrets = options.broker_secrets;
  if (!options.registry_secret.empty()) secrets.push_back(options.registry_secret);
  for (const std::string& secret : secrets)
    may_ask &= check_right(session, options, checks, {"get", kube::core("secrets", session.namespace_, secret)});
  return may_ask;
}

Outcome<void> check_pod(const Session& session, const Options& options, const Subject& subject, CheckList& checks) {
  if (!subject.pod) {
    checks.failed(fmt::format("Pod {}/{} is there", session.namespace_, options.name), subject.pod.error().message,
                  subject.pod.error().hint);
    return {};
  }
  const auto answer = try_migration(session, options, *subject.pod);
  if (!answer && answer.error().code == exit_code::kDetached) return tl::make_unexpected(answer.error());
  if (!answer) {
    checks.failed(fmt::format("the controller looks at Pod {}/{}", session.namespace_, options.name),
                  answer.error().message, answer.error().hint);
    return {};
  }
  for (Check& line : pod_checks(answer->migration, queue_of(options, *subject.pod)))
    checks.add(std::move(line));
  return {};
}

}  // namespace migrate::plugin
