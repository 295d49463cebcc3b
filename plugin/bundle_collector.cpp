#include "plugin/bundle_collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/installed.h"
#include "plugin/json_path.h"
#include "plugin/look.h"
#include "plugin/of_group.h"
#include "plugin/our_label.h"
#include "plugin/yaml.h"
#include "shared/base/time.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"
#include "shared/support/redaction.h"

namespace migrate::plugin {
namespace {

using kube::metadata_of;

constexpr std::size_t kMostMigrations = 50;  // whose Pods are looked for

enum class Scope { of_namespace, of_cluster };

// What `kubectl apply -k manifests/` makes, and what comes of it. No Secrets.
struct Installed {
  const char* group;
  const char* plural;
  Scope scope;
};
constexpr auto kInstalled = std::to_array<Installed>({
    {"apps", "deployments", Scope::of_namespace},
    {"apps", "daemonsets", Scope::of_namespace},
    {"", "services", Scope::of_namespace},
    {"discovery.k8s.io", "endpointslices", Scope::of_namespace},
    {"coordination.k8s.io", "leases", Scope::of_namespace},
    {"", "configmaps", Scope::of_namespace},
    {"", "serviceaccounts", Scope::of_namespace},
    {"networking.k8s.io", "networkpolicies", Scope::of_namespace},
    {"policy", "poddisruptionbudgets", Scope::of_namespace},
    {"rbac.authorization.k8s.io", "roles", Scope::of_namespace},
    {"rbac.authorization.k8s.io", "rolebindings", Scope::of_namespace},
    {"", "events", Scope::of_namespace},
    {"rbac.authorization.k8s.io", "clusterroles", Scope::of_cluster},
    {"rbac.authorization.k8s.io", "clusterrolebindings", Scope::of_cluster},
    {"node.k8s.io", "runtimeclasses", Scope::of_cluster},
    {"admissionregistration.k8s.io", "validatingadmissionpolicies", Scope::of_cluster},
    {"admissionregistration.k8s.io", "validatingadmissionpolicybindings", Scope::of_cluster},
    {"apiextensions.k8s.io", "customresourcedefinitions", Scope::of_cluster},
});

kube::ListOptions labelled(const std::string& selector) {
  kube::ListOptions options;
  options.label_selector = selector;
  return options;
}

std::string document_of(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string counted(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

// The same surroundings, with what is printed for a program and a person elsewhere.
Io speaking_to(const Io& io, const Sink& out, const Sink& err) {
  return {.out = out,
          .err = err,
          .clock = io.clock,
          .pacer = io.pacer,
          .screen = io.screen,
          .interrupted = io.interrupted,
          .utc_offset = io.utc_offset,
          .is_unicode = io.is_unicode};
}

}  // namespace

BundleCollector::BundleCollector(const Session& session, const Options& options, support::Bundle& bundle)
    : session_(session),
      options_(options),
      bundle_(bundle),
      reader_(session, bundle),
      told_(speaking_to(session.io, session.io.err, session.io.err)),
      steps_(told_) {}

Outcome<void> BundleCollector::collect() {
  const auto leaves = [this] { return session_.io.interrupted(); };
  const auto left = [] { return fail("interrupted: there is no bundle", exit_code::kDetached); };

  // What everybody may read comes first, and says whether there is an API server at all.
  std::string what = versions();
  if (leaves()) return left();
  if (!reader_.cut_off_by().empty()) return fail(reader_.cut_off_by());
  step(what);

  // Which Migrations decides what else there is to look for.
  const auto found = migrations();
  if (leaves()) return left();
  if (!found) return tl::make_unexpected(found.error());
  step(*found);

  using Part = std::string (BundleCollector::*)();
  for (const Part part : {&BundleCollector::pods_and_owners, &BundleCollector::events, &BundleCollector::nodes,
                          &BundleCollector::installation, &BundleCollector::logs, &BundleCollector::check}) {
    what = (this->*part)();
    if (leaves()) return left();
    step(what);
  }
  if (!reader_.has_read()) return fail("nothing at all could be read: " + bundle_.errors().front());
  bundle_.add("README.txt", readme());
  return {};
}

std::string BundleCollector::versions() {
  Json versions = {{"plugin", MIGRATE_VERSION}};
  const auto server = reader_.ask("/version");
  if (server) versions["apiServer"] = *server;
  if (!reader_.cut_off_by().empty()) return "";
  if (const auto api = reader_.ask(fmt::format("/apis/{}", kGroup))) versions["api"] = list_at(*api, {"versions"});
  const auto deployment = reader_.get(extender_deployment());
  if (deployment) versions["controller"] = version_of(*deployment);
  migration_nodes_ = reader_.list(migration_nodes());
  for (const Json& node : migration_nodes_)
    versions["agents"][metadata_of(node, "name")] = text_at(node, {"facts", "agentVersion"});
  bundle_.add("versions.json", document_of(versions));
  return fmt::format("versions: plugin {}, controller {}, Kubernetes {}", MIGRATE_VERSION,
                     deployment ? version_of(*deployment) : "unknown",
                     server ? text_at(*server, {"gitVersion"}) : "unknown");
}

Outcome<std::string> BundleCollector::migrations() {
  const std::string namespace_ = options_.all_namespaces ? "" : session_.namespace_;
  const std::vector<Json> listed = reader_.list(plugin::migrations(namespace_));
  std::vector<Json> objects = options_.name.empty() ? listed : related_to(options_.name, listed);
  // Who may not list them may perhaps get one. That there is none ends it: a name was mistyped.
  if (objects.empty() && !options_.name.empty()) {
    const kube::ResourcePath path = plugin::migrations(namespace_, options_.name);
    const auto there = session_.client.get(path, {.timeout = kLookTimeout, .stop = {}});
    if (there && !*there) return tl::make_unexpected(find_migration(session_, options_.name).error());
    if (auto one = reader_.get(path)) objects.push_back(std::move(*one));
  }
  keep("migrations.yaml", objects);
  for (const Json& object : objects) {
    auto migration = parse_migration(object);
    if (!migration)
      bundle_.could_not("understand Migration " + metadata_of(object, "name"), migration.error().message);
    else
      migrations_.push_back(std::move(*migration));
  }
  return counted(objects.size(), "Migration");
}

std::string BundleCollector::pods_and_owners() {
  std::sort(migrations_.begin(), migrations_.end(),
            [](const Migration& a, const Migration& b) { return a.created > b.created; });
  std::vector<Migration> looked_for = migrations_;
  if (looked_for.size() > kMostMigrations) {
    bundle_.could_not("get the Pods of all Migrations",
                      fmt::format("only the newest {} are looked at", kMostMigrations));
    looked_for.resize(kMostMigrations);
  }
  std::vector<Json> pods;
  for (const kube::ResourcePath& path : pods_of(looked_for)) {
    subjects_.pods.insert(path.name);
    if (auto pod = reader_.get(path)) pods.push_back(std::move(*pod));
  }
  for (const Migration& one : looked_for) {
    subjects_.uids.insert({one.uid, one.spec.pod_uid, one.status.source.uid, one.status.target.uid});
    if (one.status.owner) follow_owner(owner_path(one.status.owner->kind, one.status.owner->name, one.namespace_));
  }
  for (const Json& pod : pods) {
    subjects_.uids.insert(metadata_of(pod, "uid"));
    for (const Json& owner : list_at(pod, {"metadata", "ownerReferences"}))
      follow_owner(owner_path(text_at(owner, {"kind"}), text_at(owner, {"name"}), metadata_of(pod, "namespace")));
  }
  subjects_.uids.erase("");
  keep("pods.yaml", pods);
  keep("owners.yaml", owners_);
  return fmt::format("{} of theirs, {}", counted(pods.size(), "Pod"), counted(owners_.size(), "owner"));
}

// And the owner's own, as a ReplicaSet's Deployment.
void BundleCollector::follow_owner(const std::optional<kube::ResourcePath>& path) {
  if (!path || !asked_owners_.insert(path->namespace_ + "/" + kube::describe(*path)).second) return;
  const auto owner = reader_.get(*path);
  if (!owner) return;
  subjects_.uids.insert(metadata_of(*owner, "uid"));
  owners_.push_back(*owner);
  for (const Json& above : list_at(*owner, {"metadata", "ownerReferences"}))
    follow_owner(owner_path(text_at(above, {"kind"}), text_at(above, {"name"}), path->namespace_));
}

std::string BundleCollector::events() {
  std::vector<Json> about;
  for (const std::string& namespace_ : namespaces())
    for (Json& event : reader_.list(kube::core("events", namespace_)))
      if (is_about(event, subjects_)) about.push_back(std::move(event));
  keep("events.yaml", about);
  return counted(about.size(), "Event") + " on all of them";
}

std::string BundleCollector::nodes() {
  keep("migrationnodes.yaml", migration_nodes_);
  std::vector<Json> nodes;
  if (options_.name.empty()) {
    nodes = reader_.list(kube::core("nodes"));
  } else {
    for (const std::string& name : nodes_of(migrations_))
      if (auto node = reader_.get(kube::core("nodes", "", name))) nodes.push_back(std::move(*node));
  }
  for (Json& node : nodes)
    node = node_as_collected(std::move(node));
  keep("nodes.yaml", nodes);
  return fmt::format("{}, and what the agents of {} say", counted(nodes.size(), "Node"), migration_nodes_.size());
}

std::string BundleCollector::installation() {
  std::size_t count = 0;
  const auto kept = [&](const std::string& plural, const std::vector<Json>& objects) {
    keep(fmt::format("installation/{}.yaml", plural), objects);
    count += objects.size();
  };
  our_pods_ = reader_.list(kube::core("pods", kSystemNamespace));
  kept("pods", our_pods_);
  for (const auto& [group, plural, scope] : kInstalled)
    kept(plural, scope == Scope::of_namespace ? reader_.list(of_group(group, plural, kSystemNamespace))
                                              : reader_.list(of_group(group, plural), labelled(kOurSelector)));
  // And what `enable` made.
  std::vector<Json> enabled;
  for (const std::string& namespace_ : namespaces()) {
    if (auto one = reader_.get(kube::core("namespaces", "", namespace_))) enabled.push_back(std::move(*one));
    for (const char* plural : {"roles", "rolebindings"})
      for (Json& one : reader_.list(of_group("rbac.authorization.k8s.io", plural, namespace_), labelled(kOurSelector)))
        enabled.push_back(std::move(one));
  }
  kept("namespaces", enabled);
  return counted(count, "object") + " of the installation";
}

// About the cluster alone: of a Pod it would have to create a Migration.
std::string BundleCollector::check() {
  std::ostringstream answers;
  std::ostringstream errors;
  Io aside = speaking_to(session_.io, {answers}, {errors});
  Options question;
  question.verb = Verb::check;
  question.output = Output::json;
  const int code = run_check({aside, session_.client, session_.namespace_}, question);
  const Json answer = Json::parse(answers.str(), nullptr, /*allow_exceptions=*/false);
  if (answer.is_discarded()) {
    bundle_.could_not("kubectl migrate check", errors.str());
    return "kubectl migrate check gave no answer";
  }
  bundle_.add("check.json", document_of(support::redacted(answer)));
  return fmt::format("kubectl migrate check: {}", code == exit_code::kDone ? "nothing is wrong" : "something is wrong");
}

void BundleCollector::step(const std::string& what) {
  constexpr std::size_t kMost = 3;
  const std::vector<std::string> troubles = reader_.take_troubles();
  if (troubles.empty()) return steps_.ok(what);
  std::string lines;
  for (std::size_t i = 0; i < std::min(troubles.size(), kMost); ++i)
    lines += (i > 0 ? "\n" : "") + troubles[i];
  if (troubles.size() > kMost) lines += fmt::format("\nand {} more", troubles.size() - kMost);
  steps_.note(what, lines);
}

void BundleCollector::keep(const std::string& path, const std::vector<Json>& objects) {
  if (!objects.empty()) bundle_.add(path, to_yaml({{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}}));
}

// Those of the Migrations; the one that was asked about where there are none.
std::set<std::string> BundleCollector::namespaces() const {
  std::set<std::string> all;
  for (const Migration& one : migrations_)
    all.insert(one.namespace_);
  if (all.empty()) all.insert(session_.namespace_);
  return all;
}

std::string BundleCollector::readme() const {
  const std::string subject =
      options_.name.empty()
          ? fmt::format("{} of {}", counted(migrations_.size(), "Migration"),
                        options_.all_namespaces ? "all namespaces" : "namespace " + session_.namespace_)
          : fmt::format("Migration {}/{}", session_.namespace_, options_.name);
  const std::string lines = options_.name.empty()
                                ? "Of each log the newest lines are here."
                                : fmt::format(
                                      "Of each log those lines are here that name the Migration or its Pods, and\n"
                                      "warnings and errors from {0} minutes before it began to {0} minutes after it\n"
                                      "ended, whatever they are about.",
                                      kAround.count());
  return fmt::format(
      R"(kubectl migrate support-bundle, {}
Plugin {}. About: {}.

errors.txt           what could not be read, and what was left out
versions.json        plugin, controller, agents, API server, versions of our API
check.json           kubectl migrate check -o json
migrations.yaml      the Migrations
pods.yaml            their Pods, as far as they are there still
owners.yaml          whom these belong to
events.yaml          Events on all of these
migrationnodes.yaml  what the agents say of their nodes
nodes.yaml           Nodes: versions and conditions
installation/        the objects of the installation, and of enabled namespaces
logs/POD/            logs of our programs
criu/NODE/           what CRIU said of a checkpoint or restore that failed

{}

No Secrets were read. *** stands for what was masked: values of variables, and
whatever looks like a password, token or key.
)",
      to_rfc3339(session_.io.clock.now()), MIGRATE_VERSION, subject, lines);
}

}  // namespace migrate::plugin
