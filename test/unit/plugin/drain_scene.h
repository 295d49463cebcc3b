// A cluster with a node to drain: whenever somebody waits, a second passes, and the controller and the kubelets do what
// they are to do.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plugin/commands.h"
#include "plugin/drain_pod.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

// A Pod of namespace shop that runs on node-a. `owner`: "StatefulSet/orders", or nobody.
inline Json running(const std::string& name, const std::string& owner = "") {
  Json pod = {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", "uid-" + name}}},
              {"spec", {{"nodeName", "node-a"}}},
              {"status", {{"phase", "Running"}}}};
  const std::size_t slash = owner.find('/');
  if (slash == std::string::npos) return pod;
  const std::string set = owner.substr(slash + 1);
  pod["metadata"]["labels"] = {{"app", set}};
  pod["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", "apps/v1"},
                                                     {"kind", owner.substr(0, slash)},
                                                     {"name", set},
                                                     {"uid", "uid-" + set},
                                                     {"controller", true}}});
  return pod;
}

inline MigrationStatus in_phase(Phase phase, const std::string& reason = "", const std::string& message = "") {
  MigrationStatus status;
  status.phase = phase;
  status.reason = reason;
  status.message = message;
  return status;
}

// Evictions are answered; Migrations are kept in the order in which they are made.
class DrainCluster final : public fakes::Cluster {
 public:
  // Of a Pod by name: answered one after the other, then agreed to.
  std::map<std::string, std::vector<kube::ApiError>> evictions;
  // The first Migrations that are asked for: answered so, one after the other, and not made.
  std::vector<kube::ApiError> creations;
  std::vector<Migration> made;

  kube::ApiResult<Json> create(const kube::ResourcePath& path, const Json& object, const kube::WriteOptions& write,
                               const kube::CallOptions& call) override {
    if (path.subresource == "eviction") return evict(path, object, write);
    if (path.plural == "migrations" && !creations.empty()) {
      const kube::ApiError error = creations.front();
      creations.erase(creations.begin());
      return tl::make_unexpected(error);
    }
    auto result = Cluster::create(path, object, write, call);
    if (result && path.plural == "migrations" && write.dry_run == kube::DryRun::no)
      made.push_back(*parse_migration(*result));
    return result;
  }

 private:
  kube::ApiResult<Json> evict(const kube::ResourcePath& path, const Json& object, const kube::WriteOptions& write) {
    written.push_back((write.dry_run == kube::DryRun::server ? "dry-run evict " : "evict ") + path.name);
    BOOST_TEST(object.at("deleteOptions").at("preconditions").at("uid") == "uid-" + path.name);
    auto& answers = evictions[path.name];
    if (!answers.empty()) {
      const kube::ApiError error = answers.front();
      answers.erase(answers.begin());
      return tl::make_unexpected(error);
    }
    if (write.dry_run == kube::DryRun::no) (void)Cluster::remove(kube::pod(path.namespace_, path.name), {}, {});
    return Json{{"status", "Success"}};
  }
};

// A name for each Migration: -bbbbb the first one's, -ccccc the second one's.
class DrainPacer final : public kube::Pacer {
 public:
  explicit DrainPacer(const DrainCluster& cluster) : cluster_(cluster) {}
  std::function<void()> each = [] {};
  std::chrono::steady_clock::time_point now() override { return std::chrono::steady_clock::time_point{passed}; }
  bool sleep(std::chrono::milliseconds span, const std::stop_token&) override {
    passed += span;
    BOOST_REQUIRE_MESSAGE(passed < 3h, "it waits for ever");
    each();
    return true;
  }
  double random() override { return (static_cast<double>(cluster_.made.size()) + 0.5) / 27; }
  std::chrono::milliseconds passed{1h};

 private:
  const DrainCluster& cluster_;
};

struct DrainScene {
  std::ostringstream out;
  std::ostringstream err;
  fakes::Clock clock;
  DrainCluster cluster;
  DrainPacer pacer{cluster};
  bool interrupted = false;
  Io io = plain_io(out, err, clock, pacer, interrupted);
  // What the controller makes of a Migration at its n-th look, from 1 on; nothing: as it was.
  using Controller = std::function<std::optional<MigrationStatus>(const Migration&, int looks)>;
  Controller controller = moves_in(2);
  // The most that were at work at once.
  std::size_t most_at_work = 0;

  DrainScene() {
    clock.time = at(0ms);
    cluster.put(kube::core("namespaces", "", "shop"), {{"metadata", {{"labels", {{kEnabledLabel, "true"}}}}}});
    for (const char* node : {"node-a", "node-b"})
      cluster.put(kube::core("nodes", "", node), Json::object());
    pacer.each = [this] { step(); };
  }

  static Controller moves_in(int looks_needed) {
    return [looks_needed](const Migration& migration, int looks) -> std::optional<MigrationStatus> {
      MigrationStatus status = in_phase(looks < looks_needed ? Phase::transferring : Phase::succeeded);
      status.strategy = Strategy::stop;
      status.source = {migration.spec.pod, migration.spec.pod_uid, "node-a"};
      const bool is_set = migration.spec.pod.starts_with("orders-") || migration.spec.keep_name;
      status.target = {is_set ? migration.spec.pod : migration.spec.pod + "-mig-ab12c", "uid-target", "node-b"};
      if (status.phase == Phase::succeeded) status.gap = 812ms;
      return status;
    };
  }
  // Those of that Pod end so, all others move.
  void ends(const std::string& pod, const MigrationStatus& status) {
    controller = [before = controller, pod, status](const Migration& one, int looks) {
      return one.spec.pod == pod ? std::optional{status} : before(one, looks);
    };
  }

  void put(const Json& pod) {
    cluster.put(kube::pod(pod.at("metadata").at("namespace").get<std::string>(), kube::metadata_of(pod, "name")), pod);
  }
  void put_budget(const std::string& app, int allowed) {
    cluster.put(
        {.group = "policy",
         .version = "v1",
         .plural = "poddisruptionbudgets",
         .namespace_ = "shop",
         .name = app,
         .subresource = {}},
        {{"spec", {{"selector", {{"matchLabels", {{"app", app}}}}}}}, {"status", {{"disruptionsAllowed", allowed}}}});
  }

  int run(const std::vector<std::string>& arguments) {
    out.str("");
    err.str("");
    const auto options = parse(arguments);
    BOOST_REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
    return run_drain({io, cluster, "default"}, *options);
  }
  // In their order, the Pods for which Migrations were made.
  [[nodiscard]] std::vector<std::string> moved() const {
    std::vector<std::string> pods;
    for (const Migration& one : cluster.made)
      pods.push_back(one.spec.pod);
    return pods;
  }
  [[nodiscard]] std::vector<Migration> at_work() const {
    std::vector<Migration> all;
    for (const Migration& one : cluster.made)
      if (const Json* object = cluster.find(migrations(one.namespace_, one.name)); object != nullptr)
        if (auto now = parse_migration(*object); now && !is_final(now->status.phase)) all.push_back(std::move(*now));
    return all;
  }

  void step() {
    const auto all = at_work();
    most_at_work = std::max(most_at_work, all.size());
    for (const Migration& one : all) {
      const auto status = controller(one, ++looks_[one.name]);
      if (!status) continue;
      Json object = *cluster.find(migrations(one.namespace_, one.name));
      object["status"] = to_json(*status);
      cluster.put(migrations(one.namespace_, one.name), object);
      if (status->phase == Phase::succeeded) move(one, status->target);
    }
  }

 private:
  void move(const Migration& migration, const PodPlace& target) {
    Json pod = *cluster.find(kube::pod(migration.namespace_, migration.spec.pod));
    (void)cluster.remove(kube::pod(migration.namespace_, migration.spec.pod), {}, {});
    pod["metadata"]["uid"] = "uid-of-the-target";
    pod["spec"]["nodeName"] = target.node;
    cluster.put(kube::pod(migration.namespace_, target.pod), pod);
  }

  std::map<std::string, int> looks_;
};

inline void check_says_not(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) == std::string::npos, "\"" << part << "\" is in: " << text);
}

}  // namespace migrate::plugin
