// One ordinal of a StatefulSet under load moves by each strategy, under its own name and with all that belongs to it,
// while its siblings run on undisturbed; and the set is an ordinary one afterwards.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/gate_watch.h"
#include "test/e2e/sets.h"
#include "test/e2e/small_pods.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr int kMoved = 1;
constexpr int kReplicas = 3;

// Made once; the cases move its ordinal 1 on from where the one before left it.
struct Started {
  SetScene set{"set"};
  Started() {
    const std::string& ns = set.stage().ns().name();
    set.start({.replicas = kReplicas, .per_second = 8});
    set.cluster().apply(disruption_budget(ns, kSet));
    set.cluster().apply(autoscaler(ns, kSet, kReplicas, kReplicas));
    make_autoscaler_decide();
  }
  // One that has never decided would not be seen to decide anew. It goes by the bounds alone, as there are no metrics.
  void make_autoscaler_decide() const {
    const std::string& ns = set.stage().ns().name();
    set.cluster().kubectl(
        {"-n", ns, "scale", std::string{"statefulset/"} + kSet, fmt::format("--replicas={}", kReplicas + 1)});
    eventually("the autoscaler to take back the one too many", [&] {
      const Json seen = set.cluster().get({"hpa", kSet, "-n", ns});
      return seen.value(Json::json_pointer{"/status/desiredReplicas"}, 0) == kReplicas &&
             set.object().at("spec").at("replicas") == kReplicas &&
             !set.cluster().run({"kubectl", "-n", ns, "get", "pod", SetScene::pod_of(kReplicas)}).succeeded();
    });
  }
};

SetScene& set() {
  static Started made;
  return made.set;
}

const std::string& ns() {
  return set().stage().ns().name();
}

std::string name_in(const Json& migration) {
  return migration.at("metadata").at("name").get<std::string>();
}

// Of the objects around the set, what a move could disturb. What an autoscaler has decided, and when last, shows that
// it has not been made to act; that the set's scale was let alone meanwhile is SetWatch's.
Json surroundings() {
  const Json budget = set().cluster().get({"poddisruptionbudget", kSet, "-n", ns()}).at("status");
  const Json autoscaler = set().cluster().get({"hpa", kSet, "-n", ns()});
  Json seen;
  seen["autoscaler"]["spec"] = autoscaler.at("spec");
  for (const char* field : {"currentReplicas", "desiredReplicas", "lastScaleTime"})
    seen["autoscaler"][field] = autoscaler.at("status").at(field);
  for (const char* field : {"currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"})
    seen["budget"][field] = budget.at(field);
  return seen;
}

Json steady_surroundings() {
  Json seen;
  eventually("the PodDisruptionBudget to allow one disruption, and the autoscaler to have seen the set", [&] {
    seen = surroundings();
    return seen.at("budget").at("disruptionsAllowed") == 1 && seen.at("autoscaler").at("currentReplicas") == kReplicas;
  });
  return seen;
}

void move(const std::string& strategy, const Words& named = {}) {
  const Json before = steady_surroundings();
  const auto moved = set().move(kMoved, {"--strategy", strategy}, named);
  const Json& status = moved.migration.at("status");
  BOOST_TEST_MESSAGE(strategy << ": gap " << status.at("gapMs") << " ms\n" << moved.told);
  if (strategy != "stop") BOOST_TEST(status.at("messages").value("lost", -1) == 0);
  // The policy is proven before anything is frozen.
  std::string steps;
  for (const Json& step : status.at("steps"))
    steps += step.at("name").get<std::string>() + " ";
  BOOST_TEST(steps.find("Placing Orphaning ") != std::string::npos, steps);
  // PodDisruptionBudget and autoscaler have not been changed, and count what they counted.
  const Json after = steady_surroundings();
  BOOST_TEST(after == before, before.dump() << " became " << after.dump());
  set().at(kMoved).wait_for_more(20);
}

// A row of `kubectl get pods`, for each of the set's.
std::string uids() {
  return set().cluster().field({"pods", "-n", ns(), "-l", std::string{"app="} + kSet}, ".items[*].metadata.uid");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stateful_set)

BOOST_AUTO_TEST_CASE(moves_by_stop) {
  move("stop");
}

BOOST_AUTO_TEST_CASE(moves_sequentially) {
  move("sequential");
}

BOOST_AUTO_TEST_CASE(moves_live_named_by_set_and_ordinal) {
  const GateWatch watch{set().cluster(), ns(), SetScene::pod_of(kMoved)};
  move("live", {"sts/orders", "--ordinal", std::to_string(kMoved)});
  // Until then the source has what its Service sends.
  const std::string trouble = watch.trouble();
  BOOST_TEST(trouble.empty(), trouble);
}

BOOST_AUTO_TEST_CASE(live_is_refused_where_a_service_names_pods_that_are_not_ready) {
  Json service = headless_service(ns(), "unready", kSet);
  service["spec"]["publishNotReadyAddresses"] = true;
  const Undo undo{[] { set().cluster().kubectl({"-n", ns(), "delete", "service", "unready"}); }};
  set().cluster().apply(service);
  const Scene& scene = set().at(kMoved);
  const auto refused = set().stage().plugin(
      {scene.consumer(), "--to", scene.other_node(), "--strategy", "live", "--name", "unready-addresses"});
  BOOST_TEST(code_of(refused) == 3, text_of(refused));
  const std::string said = refused.output + refused.errors;
  for (const char* part : {"unready", "publishNotReadyAddresses"})
    BOOST_TEST(said.find(part) != std::string::npos, "nothing of " << part << " in\n" << said);
  BOOST_TEST(set().stage().migration("unready-addresses").at("status").at("reason") == "UnreadyAddresses");
  scene.check_runs_on("unready-addresses");
}

BOOST_AUTO_TEST_CASE(on_all_of_it_no_ordinal_lost_repeated_or_reordered_anything) {
  const Verdict verdict = set().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

// State is in memory only: what follows begins anew, so it comes last.
BOOST_AUTO_TEST_CASE(scales_rolls_out_and_deletes_as_if_nothing_had_been) {
  set().cluster().apply(autoscaler(ns(), kSet, kReplicas, kReplicas + 1));  // which lets it
  set().check_scales();

  const std::string before = uids();
  set().cluster().kubectl({"-n", ns(), "rollout", "restart", "statefulset/orders"});
  set().cluster().kubectl({"-n", ns(), "rollout", "status", "statefulset/orders", "--timeout=120s"});
  const std::string after = uids();
  const Json pods = set().cluster().get({"pods", "-n", ns(), "-l", "app=orders"});
  BOOST_TEST(pods.at("items").size() == static_cast<std::size_t>(kReplicas));
  for (const Json& pod : pods.at("items")) {
    BOOST_TEST(before.find(pod.at("metadata").at("uid").get<std::string>()) == std::string::npos,
               name_in(pod) << " is as it was before the rollout");
    BOOST_TEST(!pod.at("spec").contains("runtimeClassName"), name_in(pod) << " is none of the template's");
    BOOST_TEST(!pod.at("metadata").contains("finalizers"));
  }

  set().cluster().kubectl({"-n", ns(), "delete", "statefulset", "orders", "--timeout=60s"});
  eventually("the Pods of the set to go with it", [] { return uids().empty(); });
  BOOST_TEST(!after.empty());
}

BOOST_AUTO_TEST_SUITE_END()
