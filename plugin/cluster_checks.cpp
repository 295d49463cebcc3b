#include "plugin/cluster_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/cluster_facts.h"
#include "plugin/hints.h"
#include "plugin/installed.h"
#include "plugin/json_path.h"
#include "plugin/look.h"
#include "plugin/of_group.h"
#include "plugin/server_clock.h"
#include "plugin/similar.h"
#include "shared/base/time.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"
#include "shared/migration/version.h"

namespace migrate::plugin {
namespace {

using kube::metadata_of;

constexpr Version kOldestKubernetes{1, 32, 0};
// A Lease that seems old is given this much time to be renewed, as nodes' clocks may differ from the API server's.
constexpr int kLeaseLooks = 6;
constexpr std::chrono::seconds kBetweenLooks{1};

kube::ResourcePath deployment(const std::string& name) {
  return of_group("apps", "deployments", kSystemNamespace, name);
}

Json parsed(const std::string& body) {
  return Json::parse(body, nullptr, false);
}

// Of the server itself; false when it does not answer.
bool check_api(const Session& session, CheckList& checks) {
  const char* what = "the Kubernetes API answers";
  const auto body = session.client.raw_get("/version", {.timeout = kLookTimeout, .stop = {}});
  if (!body) {
    checks.failed(what, body.error().text(), hint(Topic::no_api_server));
    return false;
  }
  const std::string version = text_at(parsed(*body), {"gitVersion"});
  const std::string_view number = std::string_view(version).substr(version.starts_with('v') ? 1 : 0);
  if (parse_version(number) < kOldestKubernetes)
    checks.note(fmt::format("Kubernetes {}", version.empty() ? "of a version that it does not tell" : version),
                "the oldest that it is meant for is 1.32", hint(Topic::old_kubernetes));
  else
    checks.ok(fmt::format("{}: Kubernetes {}", what, version));
  return true;
}

// Who we are to it, and what time it has; false when it knows us not.
bool check_user(const Session& session, CheckList& checks, ClusterSight& sight) {
  const auto review = self_review(session);
  const char* what = "it knows who you are";
  if (!review) {
    Check line = unseen(review.error(), what, "create", of_group("authentication.k8s.io", "selfsubjectreviews"));
    const bool is_known = review.error().kind != kube::ApiError::Kind::unauthorized;
    if (is_known) line.mark = Mark::skipped;
    if (is_known) line.hint.clear();
    checks.add(std::move(line));
    return is_known;
  }
  sight.now = time_of_review(*review).value_or(sight.now);
  checks.ok(fmt::format("{}: {}", what, text_at(*review, {"status", "userInfo", "username"})));
  return true;
}

// The API group and the version that we speak; false when it is not there.
bool check_types(const Session& session, CheckList& checks) {
  const kube::CallOptions call{.timeout = kLookTimeout, .stop = {}};
  const std::string what = fmt::format("{} is served", kApiVersion);
  const auto group = session.client.raw_get(fmt::format("/apis/{}", kGroup), call);
  if (!group && group.error().kind == kube::ApiError::Kind::not_found) {
    checks.failed("kubectl-migrate is installed", kHowToInstall, hint(Topic::not_installed));
    return false;
  }
  if (!group) {
    checks.skipped(what, group.error().text());
    return true;
  }
  std::vector<std::string> served;
  const Json tree = parsed(*group);
  for (const Json& one : list_at(tree, {"versions"}))
    served.push_back(text_at(one, {"version"}));
  if (std::find(served.begin(), served.end(), kVersion) == served.end()) {
    checks.failed(what,
                  fmt::format("the cluster serves {} of {}, and this plugin speaks {}; use the plugin that belongs to "
                              "what is installed",
                              joined(served), kGroup, kVersion),
                  hint(Topic::api_version));
    return false;
  }
  const auto resources = session.client.raw_get(fmt::format("/apis/{}", kApiVersion), call);
  if (!resources) {
    checks.skipped(what, resources.error().text());
    return true;
  }
  std::vector<std::string> missing{"migrations", "migrationnodes"};
  const Json types = parsed(*resources);
  for (const Json& one : list_at(types, {"resources"}))
    std::erase(missing, text_at(one, {"name"}));
  if (missing.empty())
    checks.ok(fmt::format("{}: migrations, migrationnodes", what));
  else
    checks.failed(what,
                  fmt::format("the CustomResourceDefinition of {} is missing; {}", joined(missing), kHowToInstall),
                  hint(Topic::not_installed));
  return missing.empty();
}

void check_schema(const Session& session, CheckList& checks, ClusterSight& sight) {
  const char* what = "its schema has all that this plugin may ask for";
  const auto body =
      session.client.raw_get(fmt::format("/openapi/v3/apis/{}", kApiVersion), {.timeout = kLookTimeout, .stop = {}});
  if (!body) return checks.skipped(what, body.error().text());
  const Json document = parsed(*body);
  const Json* schemas = find(document, {"components", "schemas"});
  for (const Json& schema : schemas != nullptr ? *schemas : Json::object()) {
    const Json& kinds = list_at(schema, {"x-kubernetes-group-version-kind"});
    if (kinds.empty() || text_at(kinds.front(), {"kind"}) != "Migration") continue;
    const auto missing = missing_fields(schema, fullest_migration(), "");
    if (missing.empty()) return checks.ok(what);
    sight.has_schema = false;
    return checks.failed(
        what,
        fmt::format("it does not know {}, and would drop it: the CustomResourceDefinition is older "
                    "than this plugin ({}); install what belongs together: kubectl apply -k manifests/",
                    joined(missing), MIGRATE_VERSION),
        hint(Topic::old_schema));
  }
  checks.skipped(what, "the API server does not show the schema of Migrations");
}

Check absent_deployment(const std::string& name) {
  return {Mark::failed, fmt::format("Deployment {} is there", name),
          fmt::format("there is none in namespace {}; install it: kubectl apply -k manifests/", kSystemNamespace),
          hint(Topic::deployment_down)};
}

// nullopt: not there. Whatever it is, a line for it is added.
std::optional<Json> check_deployment(const Session& session, CheckList& checks, const std::string& name) {
  const auto found = look_at(session, deployment(name), fmt::format("Deployment {} is available", name));
  if (!found) checks.add(found.error());
  if (found && !*found) checks.add(absent_deployment(name));
  if (!found || !*found) return std::nullopt;
  checks.add(deployment_check(**found));
  return *found;
}

// True unless it was seen that nobody holds it.
bool check_lease(const Session& session, CheckList& checks, Instant now, const char* name, const std::string& who,
                 Topic topic) {
  const std::string what = fmt::format("{} leads", who);
  const kube::ResourcePath path = of_group("coordination.k8s.io", "leases", kSystemNamespace, name);
  const auto first = look_at(session, path, what);
  if (!first) {
    checks.add(first.error());
    return true;
  }
  std::optional<Json> lease = *first;
  bool is_good = lease && is_fresh(*lease, now);
  for (int look = 0; !is_good && look < kLeaseLooks; ++look) {
    session.io.pacer.sleep(kBetweenLooks, {});
    const auto next = look_at(session, path, what);
    if (!next) break;
    is_good = *next && (*first ? is_renewed(**first, **next) : is_fresh(**next, now));
    lease = *next;
  }
  if (is_good) {
    checks.ok(fmt::format("{}: {} (Lease {})", what, text_at(*lease, {"spec", "holderIdentity"}), name));
    return true;
  }
  const std::string seen =
      !lease ? "there is no Lease " + std::string(name)
             : fmt::format("Lease {} was last renewed {} and not while looking for {} s", name,
                           text_at(*lease, {"spec", "renewTime"}), kLeaseLooks * kBetweenLooks.count());
  checks.failed(what, fmt::format("{}: nobody is at work; {}", seen, see_pods()), hint(topic));
  return false;
}

void check_version(CheckList& checks, const Json& installed) {
  const std::string version = version_of(installed);
  if (version == MIGRATE_VERSION) return checks.ok(fmt::format("its version is this plugin's: {}", version));
  checks.note("its version is this plugin's",
              fmt::format("installed is {}, this plugin is {}", version, MIGRATE_VERSION),
              hint(Topic::versions_differ));
}

void check_scheduler(const Session& session, CheckList& checks, Instant now) {
  const auto found = look_at(session, deployment(kSchedulerName), "a scheduler for migrated Pods");
  if (!found) return checks.add(found.error());
  if (!*found)
    return checks.note("a scheduler for migrated Pods",
                       fmt::format("there is no Deployment {}: the cluster's own kube-scheduler is to ask the extender "
                                   "(manifests/overlays/main-scheduler), and its configuration cannot be seen from "
                                   "here. From 100 nodes on it needs percentageOfNodesToScore: 100, else the node of "
                                   "--to may not be among those that it looks at",
                                   kSchedulerName),
                       hint(Topic::own_scheduler));
  checks.add(deployment_check(**found));
  check_lease(session, checks, now, kSchedulerName, "a scheduler", Topic::scheduler_down);
}

// Nobody but the scheduler may ask it, so: whether somebody stands behind its Service who answers on that port, and
// what the scheduler itself has said lately.
void check_extender(const Session& session, CheckList& checks, Instant now) {
  const std::string what = fmt::format("Service {} has ready endpoints", kExtenderAccount);
  const auto slices = look_for(session, of_group("discovery.k8s.io", "endpointslices", kSystemNamespace), what,
                               {.label_selector = fmt::format("kubernetes.io/service-name={}", kExtenderAccount),
                                .field_selector = "",
                                .resource_version = ""});
  if (!slices)
    checks.add(slices.error());
  else if (const std::size_t ready = ready_endpoints(*slices); ready > 0)
    checks.ok(fmt::format("{}: {} (/readyz on its port)", what, ready));
  else
    checks.failed(
        what,
        fmt::format("none: the scheduler asks there, and places no migrated Pod without an answer; {}", see_pods()),
        hint(Topic::extender_down));

  const std::string lately =
      fmt::format("the scheduler missed no answer of it, by its Events in namespace {}", session.namespace_);
  const auto events =
      look_for(session, kube::core("events", session.namespace_), lately,
               {.label_selector = "", .field_selector = "reason=FailedScheduling", .resource_version = ""});
  if (!events) return checks.add(events.error());
  const auto trouble = extender_trouble(*events, now);
  if (!trouble) return checks.ok(lately);
  checks.note(lately, *trouble, hint(Topic::extender_not_asked));
}

void check_policies(const Session& session, CheckList& checks) {
  const char* what = "the admission policies and their bindings are there";
  std::vector<std::string> missing;
  for (const char* plural : {"validatingadmissionpolicies", "validatingadmissionpolicybindings"}) {
    const auto all = look_for(session, of_group("admissionregistration.k8s.io", plural), what);
    if (!all) return checks.add(all.error());
    for (const std::string& name : absent(policy_names(), *all))
      missing.push_back(fmt::format("{}/{}", plural, name));
  }
  if (missing.empty()) return checks.ok(what);
  checks.failed(what, fmt::format("missing are {}; install them: kubectl apply -k manifests/", joined(missing)),
                hint(Topic::policies_missing));
}

void check_runtime_class(const Session& session, CheckList& checks) {
  const std::string what = fmt::format("RuntimeClass {} is there", kRuntimeClass);
  const auto found = look_at(session, of_group("node.k8s.io", "runtimeclasses", "", kRuntimeClass), what);
  if (!found) return checks.add(found.error());
  const std::string handler = *found ? text_at(**found, {"handler"}) : "";
  if (handler == kRuntimeClass) return checks.ok(what);
  checks.failed(what,
                *found ? fmt::format("its handler is {}, not {}: kubectl apply -k manifests/", handler, kRuntimeClass)
                       : "without it no target can be made: kubectl apply -k manifests/",
                hint(Topic::no_runtime_class));
}

}  // namespace

ClusterSight check_kubernetes(const Session& session, CheckList& checks) {
  checks.group("kubernetes");
  ClusterSight sight;
  sight.now = session.io.clock.now();
  if (!check_api(session, checks) || !check_user(session, checks, sight)) return sight;
  sight.is_installed = check_types(session, checks);
  if (sight.is_installed) check_schema(session, checks, sight);
  return sight;
}

void check_controller(const Session& session, CheckList& checks, ClusterSight& sight) {
  checks.group("controller");
  if (const auto installed = check_deployment(session, checks, kExtenderAccount)) {
    sight.is_led = number_at(*installed, {"status", "availableReplicas"}) > 0;
    check_version(checks, *installed);
  }
  sight.is_led = check_lease(session, checks, sight.now, kLease, "a controller", Topic::no_controller) && sight.is_led;
  check_scheduler(session, checks, sight.now);
  check_extender(session, checks, sight.now);
  check_policies(session, checks);
  check_runtime_class(session, checks);
}

}  // namespace migrate::plugin
