// Pods of a Deployment, a queue each by their names: one moves frozen and one live. Its ReplicaSet never has fewer Pods
// than it wants nor more than one too many, makes none itself and takes none that has moved.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "test/e2e/pod_events.h"
#include "test/e2e/scene.h"
#include "test/e2e/set_objects.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kNamespace = "replicaset";
constexpr const char* kName = "orders";
constexpr std::size_t kReplicas = 2;

Json replica_set(const Cluster& cluster) {
  Json sets = cluster.get({"replicasets", "-n", kNamespace, "-l", std::string{"app="} + kName});
  BOOST_REQUIRE_MESSAGE(sets.at("items").size() == 1U, "a rollout has made another ReplicaSet: " << sets.dump());
  return sets.at("items").at(0);
}

Json pods_of_deployment(const Cluster& cluster) {
  return cluster.get({"pods", "-n", kNamespace, "-l", std::string{"app="} + kName}).at("items");
}

// As `kubectl rollout` sees it, which counts no Pods.
Json rollout_of(const Cluster& cluster) {
  const Json deployment = cluster.get({"deployment", kName, "-n", kNamespace});
  const Json set = replica_set(cluster);
  return {{"deployment", deployment.at("metadata").at("generation")},
          {"revision", deployment.at("metadata").at("annotations").at("deployment.kubernetes.io/revision")},
          {"set", uid_of(set)},
          {"generation", set.at("metadata").at("generation")}};
}

// A line for each thing that must not happen. `before`: the Pods that are there at the beginning; `uid`: of their
// ReplicaSet.
std::string incidents(const std::vector<PodEvent>& events, const Json& before, const std::string& uid,
                      const std::string& moved) {
  std::set<std::string> known;
  std::set<std::string> owned;  // uids of Pods that are the ReplicaSet's and have not been told to end
  std::set<std::string> lines;
  for (const Json& pod : before) {
    known.insert(uid_of(pod));
    owned.insert(uid_of(pod));
  }
  for (const PodEvent& event : events) {
    const std::string name = name_of(event.pod);
    const std::string pod = uid_of(event.pod);
    const Json owner = controller_of(event.pod);
    const bool is_told_to_end = event.type == "DELETED" || event.pod.at("metadata").contains("deletionTimestamp");
    const bool is_owned = owner.is_object() && owner.at("uid") == uid;
    if (is_owned && !is_told_to_end)
      owned.insert(pod);
    else
      owned.erase(pod);
    if (owned.size() < kReplicas || owned.size() > kReplicas + 1)
      lines.insert(fmt::format("at the {} of {} it had {} Pods\n", event.type, name, owned.size()));
    const std::string base = moved.substr(0, moved.find("-mig-"));
    const bool is_ours = name.starts_with(base + "-mig-");
    if (!known.contains(pod) && !is_ours && is_owned) lines.insert(fmt::format("it made Pod {}\n", name));
    if (known.contains(pod) && name != moved && is_told_to_end)
      lines.insert(fmt::format("Pod {}, which had no part in it, was told to end\n", name));
  }
  return fmt::format("{}", fmt::join(lines, ""));
}

class Replicas {
 public:
  Replicas() : stage_(std::make_shared<const Stage>(kNamespace)), orders_(stage_->cluster(), stage_->ns()) {
    cluster().apply(deployment(kNamespace, kName, static_cast<int>(kReplicas),
                               consumer_template(orders_, "metadata.name", "{pod}")));
    await_rollout();
    for (const Json& pod : pods_of_deployment(cluster())) {
      scenes_.push_back(std::make_unique<Scene>(stage_, orders_, name_of(pod)));
      scenes_.back()->adopt(name_of(pod), {.per_second = 5, .producers = 2, .count = 0});
    }
  }

  [[nodiscard]] const Stage& stage() const { return *stage_; }
  [[nodiscard]] const Cluster& cluster() const { return stage_->cluster(); }
  [[nodiscard]] Scene& at(std::size_t number) { return *scenes_.at(number); }
  void await_rollout() const {
    cluster().kubectl({"-n", kNamespace, "rollout", "status", std::string{"deployment/"} + kName, "--timeout=120s"});
  }

  // The annotation names the queue, whatever the Pod is called by now.
  void move(std::size_t number, const std::string& strategy) {
    Scene& scene = at(number);
    const Json before = pods_of_deployment(cluster());
    const Json rollout = rollout_of(cluster());
    const std::string moved = scene.consumer();
    const PodEvents events{cluster(), kNamespace};
    const Words words{"--strategy", strategy, "--to", scene.other_node()};
    const auto move = scene.move(words);
    const auto name = name_of(move.migration);
    const Json& status = move.migration.at("status");
    BOOST_TEST_MESSAGE(strategy << ": gap " << status.at("gapMs") << " ms\n" << move.told);
    BOOST_TEST(status.value(Json::json_pointer{"/owner/kind"}, std::string{}) == "ReplicaSet", status.dump());
    stage().check_nothing_left(name);
    check_adopted(scene.consumer(), name);
    const std::string seen = incidents(events.until_now(), before, rollout.at("set").get<std::string>(), moved);
    stage().require(seen.empty(), seen, name);
    BOOST_TEST(rollout_of(cluster()) == rollout, rollout.dump() << " became " << rollout_of(cluster()).dump());
    scene.wait_for_more(20);
  }

  Verdict judge() {
    Verdict all{.clean = true, .report = {}};
    for (const auto& scene : scenes_) {
      const Verdict one = scene->judge();
      all.clean = all.clean && one.clean;
      all.report += one.report;
    }
    return all;
  }

 private:
  // The ReplicaSet's like any other, and it is content with what it has.
  void check_adopted(const std::string& pod, const std::string& migration) const {
    const Json set = replica_set(cluster());
    const Json metadata = stage().pod(pod).at("metadata");
    const Json owners = metadata.value("ownerReferences", Json::array());
    stage().require(
        owners.size() == 1 && owners.at(0).at("uid") == uid_of(set) && owners.at(0).at("controller") == true,
        "its owners are " + owners.dump(), migration);
    stage().require(!metadata.contains("finalizers"), "it has finalizers", migration);
    stage().require(
        !metadata.value("annotations", Json::object()).contains("controller.kubernetes.io/pod-deletion-cost"),
        "it has a deletion cost", migration);
    stage().require(!metadata.contains("deletionTimestamp"), "it was told to end", migration);
    stage().await("the ReplicaSet to have two Pods that are ready", migration, [&] {
      const Json status = replica_set(cluster()).at("status");
      return status.value("replicas", 0) == static_cast<int>(kReplicas) &&
             status.value("readyReplicas", 0) == static_cast<int>(kReplicas) &&
             pods_of_deployment(cluster()).size() == kReplicas;
    });
  }

  std::shared_ptr<const Stage> stage_;
  Orders orders_;
  std::vector<std::unique_ptr<Scene>> scenes_;
};

Replicas& replicas() {
  static Replicas made;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replicaset)

BOOST_AUTO_TEST_CASE(one_pod_moves_by_stop) {
  replicas().move(0, "stop");
}

BOOST_AUTO_TEST_CASE(another_moves_live) {
  replicas().move(1, "live");
}

BOOST_AUTO_TEST_CASE(one_that_has_moved_moves_back) {
  replicas().move(0, "stop");
}

BOOST_AUTO_TEST_CASE(nothing_was_lost_repeated_or_reordered) {
  const Verdict verdict = replicas().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

// State is in memory only: it comes last.
BOOST_AUTO_TEST_CASE(it_rolls_out_as_if_nothing_had_been) {
  const Json before = pods_of_deployment(replicas().cluster());
  replicas().cluster().kubectl({"-n", kNamespace, "rollout", "restart", std::string{"deployment/"} + kName});
  replicas().await_rollout();
  eventually("the Pods of before to go", [&] {
    const Json now = pods_of_deployment(replicas().cluster());
    return now.size() == kReplicas && std::none_of(now.begin(), now.end(), [&](const Json& pod) {
             return std::any_of(before.begin(), before.end(),
                                [&](const Json& old) { return uid_of(old) == uid_of(pod); });
           });
  });
}

BOOST_AUTO_TEST_SUITE_END()
