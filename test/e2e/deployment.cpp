#include "test/e2e/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>

#include "test/e2e/holds.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/pod_events.h"
#include "test/e2e/set_objects.h"

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kName = "orders";

Json pods_of(const Cluster& cluster, const std::string& ns) {
  return cluster.get({"pods", "-n", ns, "-l", std::string{"app="} + kName}).at("items");
}

Json replica_set(const Cluster& cluster, const std::string& ns) {
  Json sets = cluster.get({"replicasets", "-n", ns, "-l", std::string{"app="} + kName});
  if (sets.at("items").size() != 1U) throw std::runtime_error("a rollout has made another ReplicaSet: " + sets.dump());
  return sets.at("items").at(0);
}

// As `kubectl rollout` sees it, which counts no Pods.
Json rollout_of(const Cluster& cluster, const std::string& ns) {
  const Json deployment = cluster.get({"deployment", kName, "-n", ns});
  const Json set = replica_set(cluster, ns);
  return {{"deployment", deployment.at("metadata").at("generation")},
          {"revision", deployment.at("metadata").at("annotations").at("deployment.kubernetes.io/revision")},
          {"set", uid_of(set)},
          {"generation", set.at("metadata").at("generation")}};
}

bool was_told_to_end(const PodEvent& event) {
  return event.type == "DELETED" || event.pod.at("metadata").contains("deletionTimestamp");
}

bool is_ready(const Json& pod) {
  const Json conditions = pod.value(Json::json_pointer{"/status/conditions"}, Json::array());
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return condition.at("type") == "Ready" && condition.at("status") == "True";
  });
}

// How many Pods are the ReplicaSet's and have not been told to end, event by event. A watch that begins anew, behind an
// API server that was restarted, tells what is there: who is not among it is gone.
class Owned {
 public:
  Owned(std::string set, std::set<std::string> pods) : set_(std::move(set)), pods_(std::move(pods)) {}

  [[nodiscard]] bool owns(const PodEvent& event) const {
    const Json owner = controller_of(event.pod);
    return owner.is_object() && owner.at("uid") == set_;
  }
  void see(const PodEvent& event) {
    if (event.is_listed && !listing_) listing_.emplace();
    if (!event.is_listed) end_listing();
    std::set<std::string>& pods = listing_ ? *listing_ : pods_;
    if (owns(event) && !was_told_to_end(event))
      pods.insert(uid_of(event.pod));
    else
      pods.erase(uid_of(event.pod));
  }
  void end_listing() {
    if (listing_) pods_ = std::move(*listing_);
    listing_.reset();
  }
  // Nothing while there is more to be listed.
  [[nodiscard]] std::optional<std::size_t> count() const {
    return listing_ ? std::nullopt : std::optional{pods_.size()};
  }

 private:
  std::string set_;
  std::set<std::string> pods_;  // uids
  std::optional<std::set<std::string>> listing_;
};

// A line for each thing that must not happen. `before`: the Pods that are there at the beginning, all that are wanted;
// `uid`: of their ReplicaSet.
std::string incidents(const std::vector<PodEvent>& events, const Json& before, const std::string& uid,
                      const std::string& moved) {
  std::set<std::string> known;
  std::set<std::string> taken;
  std::set<std::string> lines;
  for (const Json& pod : before)
    known.insert(uid_of(pod));
  Owned owned{uid, known};
  const auto judge_count = [&](const std::string& when) {
    const auto count = owned.count();
    if (count && (*count < before.size() || *count > before.size() + 1))
      lines.insert(fmt::format("{} it had {} Pods\n", when, *count));
  };
  for (const PodEvent& event : events) {
    const std::string name = name_of(event.pod);
    const std::string pod = uid_of(event.pod);
    const bool is_told_to_end = was_told_to_end(event);
    const bool is_owned = owned.owns(event);
    owned.see(event);
    judge_count(fmt::format("at the {} of {}", event.type, name));
    const std::string base = moved.substr(0, moved.find("-mig-"));
    const bool is_ours = name.starts_with(base + "-mig-");
    // It would be the one too many.
    if (is_owned && !known.contains(pod) && taken.insert(pod).second && is_ours && !is_ready(event.pod))
      lines.insert(fmt::format("it took {} before that was ready\n", name));
    if (!known.contains(pod) && !is_ours && is_owned) lines.insert(fmt::format("it made Pod {}\n", name));
    if (known.contains(pod) && name != moved && is_told_to_end)
      lines.insert(fmt::format("Pod {}, which had no part in it, was told to end\n", name));
  }
  owned.end_listing();
  judge_count("in the end");
  return fmt::format("{}", fmt::join(lines, ""));
}

}  // namespace

DeploymentScene::DeploymentScene(const std::string& ns, int replicas, double per_second)
    : replicas_(replicas), stage_(std::make_shared<const Stage>(ns)), orders_(stage_->cluster(), stage_->ns()) {
  cluster().apply(deployment(ns, kName, replicas, consumer_template(orders_, "metadata.name", "{pod}")));
  await_rollout();
  for (const Json& pod : pods_of(cluster(), ns)) {
    scenes_.push_back(std::make_unique<Scene>(stage_, orders_, name_of(pod)));
    scenes_.back()->adopt(name_of(pod), {.per_second = per_second / 2, .producers = 2, .count = 0});
  }
}

const std::string& DeploymentScene::ns() const {
  return stage_->ns().name();
}

void DeploymentScene::await_rollout() const {
  cluster().kubectl({"-n", ns(), "rollout", "status", std::string{"deployment/"} + kName, "--timeout=120s"});
}

// What there is before a Pod moves, and what happens from then on.
struct DeploymentScene::Watch {
  Watch(const DeploymentScene& scene, std::string name)
      : moved(std::move(name)),
        before(pods_of(scene.cluster(), scene.ns())),
        rollout(rollout_of(scene.cluster(), scene.ns())),
        events(scene.cluster(), scene.ns()) {}
  std::string moved;
  Json before;
  Json rollout;
  PodEvents events;
};

// The ReplicaSet's like any other, and nobody else was disturbed.
void DeploymentScene::check_after(const Watch& watch, const Scene& scene, const std::string& migration) const {
  check_adopted(scene.consumer(), migration);
  const std::string seen =
      incidents(watch.events.until_now(), watch.before, watch.rollout.at("set").get<std::string>(), watch.moved);
  stage().require(seen.empty(), seen, migration);
  const Json now = rollout_of(cluster(), ns());
  stage().require(now == watch.rollout, watch.rollout.dump() + " became " + now.dump(), migration);
  scene.wait_for_more(20);
}

Scene::Move DeploymentScene::move(std::size_t number, const std::string& strategy) {
  Scene& scene = at(number);
  const Watch watch{*this, scene.consumer()};
  Scene::Move move = scene.move({"--strategy", strategy, "--to", scene.other_node()});
  const auto name = name_of(move.migration);
  const Json& status = move.migration.at("status");
  stage().require(status.value(Json::json_pointer{"/owner/kind"}, std::string{}) == "ReplicaSet",
                  "the status does not name a ReplicaSet as its owner", name);
  stage().check_nothing_left(name);
  check_after(watch, scene, name);
  return move;
}

std::string DeploymentScene::play(std::size_t number, const Row& row) {
  Scene& scene = at(number);
  const Watch watch{*this, scene.consumer()};
  std::string ended = harness::play(scene, row);
  check_after(watch, scene, "");
  return ended;
}

// In foreground until the garbage collector has taken the Migration from the target's owners, which leaves it to
// nobody.
void DeploymentScene::begin_and_delete(const Scene& scene, const std::string& name, const std::string& cascade,
                                       Json& begun) const {
  const std::string node = scene.other_node();
  PhaseGate gate{cluster(), ns(), "Restoring", name};
  const auto answer =
      stage().plugin({scene.consumer(), "--to", node, "--strategy", "stop", "--name", name, "--no-wait"});
  stage().require(answer.succeeded(), text_of(answer), name);
  stage().await("the migration to come to Restoring", name, [&] { return gate.is_reached(); });
  const auto hold = hold_criu(cluster(), node);
  gate.open();
  hold->await();
  begun = stage().migration(name);
  cluster().kubectl(
      {"-n", ns(), "delete", "migrations.kubectl-migrate.dev", name, "--wait=false", "--cascade=" + cascade});
  if (cascade != "foreground") return;
  const auto target = begun.at("status").at("target").at("pod").get<std::string>();
  stage().await("the garbage collector to take the Migration from the owners of " + target, name,
                [&] { return !is_owned_by(stage().pod(target), uid_of(begun)); });
}

void DeploymentScene::move_and_delete(std::size_t number, const std::string& cascade) {
  Scene& scene = at(number);
  const std::string name = "deleted-in-" + cascade;
  const Watch watch{*this, scene.consumer()};
  Json begun;
  begin_and_delete(scene, name, cascade, begun);
  stage().await("Migration " + name + " to be gone", name, [&] {
    const auto looked = cluster().run(
        {"kubectl", "-n", ns(), "get", "migrations.kubectl-migrate.dev", name, "--ignore-not-found", "-o", "name"});
    return looked.succeeded() && looked.output.empty();
  });
  scene.follow(begun);
  stage().check_nothing_left(name, uid_of(begun));
  check_after(watch, scene, name);
}

// One of the ReplicaSet's Pods, which is content with what it has.
void DeploymentScene::check_adopted(const std::string& pod, const std::string& migration) const {
  const Json set = replica_set(cluster(), ns());
  const Json metadata = stage().pod(pod).at("metadata");
  const Json owners = metadata.value("ownerReferences", Json::array());
  stage().require(owners.size() == 1 && owners.at(0).at("uid") == uid_of(set) && owners.at(0).at("controller") == true,
                  "its owners are " + owners.dump(), migration);
  stage().require(!metadata.contains("finalizers"), "it has finalizers", migration);
  stage().require(!metadata.value("annotations", Json::object()).contains("controller.kubernetes.io/pod-deletion-cost"),
                  "it has a deletion cost", migration);
  stage().require(!metadata.contains("deletionTimestamp"), "it was told to end", migration);
  stage().await("the ReplicaSet to have as many Pods as it wants, ready", migration, [&] {
    const Json status = replica_set(cluster(), ns()).at("status");
    return status.value("replicas", 0) == replicas_ && status.value("readyReplicas", 0) == replicas_ &&
           pods_of(cluster(), ns()).size() == static_cast<std::size_t>(replicas_);
  });
}

void DeploymentScene::check_rolls_out() const {
  const Json before = pods_of(cluster(), ns());
  cluster().kubectl({"-n", ns(), "rollout", "restart", std::string{"deployment/"} + kName});
  await_rollout();
  eventually("the Pods of before to go", [&] {
    const Json now = pods_of(cluster(), ns());
    return now.size() == before.size() && std::none_of(now.begin(), now.end(), [&](const Json& pod) {
             return std::any_of(before.begin(), before.end(),
                                [&](const Json& old) { return uid_of(old) == uid_of(pod); });
           });
  });
}

Verdict DeploymentScene::judge() {
  Verdict all{.clean = true, .report = {}};
  for (const auto& scene : scenes_) {
    const Verdict one = scene->judge();
    all.clean = all.clean && one.clean;
    all.report += one.report;
  }
  return all;
}

}  // namespace harness
