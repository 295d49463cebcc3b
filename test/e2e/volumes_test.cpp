// Two Pods of a set that write what they count to volumes of the network, of both kinds: what all nodes may use at
// once, and what one node at a time may. Wherever one goes, its files hold every number once: data and memory agree.
// Its sibling with volumes of its own, and the claims of both, notice nothing.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "test/e2e/pod_events.h"
#include "test/e2e/set_objects.h"
#include "test/e2e/set_watch.h"
#include "test/e2e/small_pods.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kSet = "counter";
constexpr const char* kPod = "counter-0";
constexpr const char* kSibling = "counter-1";
// Of the claims, and where they are mounted.
constexpr const char* kOwn = "own";
constexpr const char* kShared = "shared";

Json claim(const char* name, const char* mode) {
  return {{"metadata", {{"name", name}}},
          {"spec",
           {{"storageClassName", "network"},
            {"accessModes", Json::array({mode})},
            {"resources", {{"requests", {{"storage", "1Mi"}}}}}}}};
}

Json counter_set(const std::string& ns) {
  const std::string script = fmt::format(
      "n=0; while true; do n=$((n+1)); echo $n >>/{}/log; echo $n >>/{}/log; sleep 0.1; done", kOwn, kShared);
  Json mounts = Json::array();
  for (const char* name : {kOwn, kShared})
    mounts.push_back({{"name", name}, {"mountPath", std::string{"/"} + name}});
  const Json pod = {{"spec",
                     {{"terminationGracePeriodSeconds", 0},
                      {"affinity", two_nodes()},
                      {"containers", Json::array({{{"name", "main"},
                                                   {"image", kBusybox},
                                                   {"command", {"sh", "-c", script}},
                                                   {"volumeMounts", mounts}}})}}}};
  Json set = stateful_set(ns, kSet, {.replicas = 2}, pod);
  set["spec"]["volumeClaimTemplates"] = Json::array({claim(kOwn, "ReadWriteOnce"), claim(kShared, "ReadWriteMany")});
  return set;
}

struct Counter {
  Stage stage{"volumes"};

  Counter() {
    const std::string& ns = stage.ns().name();
    stage.cluster().apply(small_pod(ns, kClient, "node-c"));
    stage.cluster().apply(headless_service(ns, kSet, kSet));
    stage.cluster().apply(counter_set(ns));
    stage.cluster().kubectl({"-n", ns, "rollout", "status", std::string{"statefulset/"} + kSet, "--timeout=120s"});
    stage.cluster().wait_ready(ns, kClient);
    await_more(kPod);
    await_more(kSibling);
  }

  [[nodiscard]] Json set() const { return stage.cluster().get({"statefulset", kSet, "-n", stage.ns().name()}); }
  [[nodiscard]] std::string node() const { return stage.pod(kPod).at("spec").at("nodeName").get<std::string>(); }
  [[nodiscard]] std::string other_node() const { return node() == "node-a" ? "node-b" : "node-a"; }
  [[nodiscard]] migrate::Completed inside(const char* pod, const std::string& script) const {
    return stage.cluster().run({"kubectl", "-n", stage.ns().name(), "exec", pod, "--", "sh", "-c", script});
  }
  // Lines, of which each is to hold its own number; 0, too, while there is no file.
  [[nodiscard]] int count_in(const char* volume, const char* pod = kPod) const {
    const auto seen = inside(pod, fmt::format("grep -c . /{}/log", volume));
    return seen.succeeded() ? std::stoi(seen.output) : 0;
  }
  void await_more(const char* pod) const {
    const int wanted = count_in(kShared, pod) + 10;
    eventually(fmt::format("{} to count to {}", pod, wanted), [&] { return count_in(kShared, pod) >= wanted; });
  }
  // Both go on, and no line does not hold its own number. Of the last one only a part may be there yet.
  void check_counts() const {
    for (const char* pod : {kPod, kSibling}) {
      await_more(pod);
      for (const char* volume : {kOwn, kShared}) {
        const auto wrong =
            inside(pod, fmt::format("sed '$d' /{}/log | awk '$0 != NR {{print NR \": \" $0; exit}}'", volume));
        BOOST_TEST((wrong.succeeded() && wrong.output.empty()), pod << ", in " << volume << ": " << text_of(wrong));
      }
    }
  }
  // Of all claims by their names, what whoever moves a Pod could have changed.
  [[nodiscard]] Json claims() const {
    Json seen = Json::object();
    const Json all = stage.cluster().get({"persistentvolumeclaims", "-n", stage.ns().name()});
    for (const Json& one : all.at("items")) {
      Json& claim = seen[name_of(one)];
      claim["spec"] = one.at("spec");
      for (const char* field : {"uid", "labels", "annotations", "ownerReferences", "finalizers"})
        claim[field] = one.at("metadata").value(field, Json{});
    }
    return seen;
  }
};

Counter& counter() {
  static Counter made;
  return made;
}

void move_and_check() {
  const Counter& of = counter();
  const std::string to = of.other_node();
  const int before = of.count_in(kOwn);
  const Json claims = of.claims();
  BOOST_TEST(claims.size() == 4U, claims.dump());
  const SetWatch watch{of.stage, kSet, kPod};
  const auto moved = of.stage.plugin({kPod, "--to", to, "--strategy", "stop", "-o", "json"});
  BOOST_REQUIRE_MESSAGE(moved.succeeded(), text_of(moved));
  const Json migration = Json::parse(moved.output);
  const Json& status = migration.at("status");
  BOOST_TEST_MESSAGE(moved.errors);
  BOOST_TEST(of.node() == to);
  BOOST_TEST(restarts_of(of.stage.pod(kPod)) == 0);
  // Only the one for one node at a time has to be waited for.
  const Json& volumes = status.at("volumes");
  BOOST_TEST(volumes.size() == 1U, volumes.dump());
  BOOST_TEST(volumes.at(0).at("claim") == fmt::format("{}-{}", kOwn, kPod), volumes.dump());
  const Json& steps = status.at("steps");
  BOOST_TEST(std::any_of(steps.begin(), steps.end(), [](const Json& step) { return step.at("name") == "Attaching"; }),
             steps.dump());
  const Json owner = controller_of(of.stage.pod(kPod));
  BOOST_REQUIRE_MESSAGE(owner.is_object(), kPod << " belongs to nobody");
  BOOST_TEST(owner.at("uid") == uid_of(of.set()), owner.dump());
  of.stage.check_nothing_left(name_of(migration));
  const std::string trouble = watch.trouble();
  BOOST_TEST(trouble.empty(), trouble);
  const Json now = of.claims();
  BOOST_TEST(now == claims, claims.dump() << " became " << now.dump());
  of.check_counts();
  BOOST_TEST(of.count_in(kOwn) > before);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(volumes)

BOOST_AUTO_TEST_CASE(data_and_memory_agree_on_another_node) {
  move_and_check();
}

BOOST_AUTO_TEST_CASE(and_back) {
  move_and_check();
}

BOOST_AUTO_TEST_CASE(only_stop_moves_them) {
  const Counter& of = counter();
  for (const char* strategy : {"sequential", "live"}) {
    const auto refused = of.stage.plugin({kPod, "--to", of.other_node(), "--strategy", strategy, "--name", strategy});
    BOOST_TEST(code_of(refused) == 3, text_of(refused));
    const std::string said = refused.output + refused.errors;
    for (const char* part : {"can be written", "--strategy stop"})
      BOOST_TEST(said.find(part) != std::string::npos, "nothing of " << part << " in\n" << said);
  }
  of.check_counts();
}

BOOST_AUTO_TEST_SUITE_END()
