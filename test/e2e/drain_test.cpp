// kubectl migrate drain: two StatefulSets, a Deployment and a Pod of its own, all under load and two of them with a
// budget, leave a node beside a DaemonSet's Pod, by a drain that is interrupted in its middle and begun again. One
// audit for each of them at the end. And what cannot leave by a migration.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "shared/base/time.h"
#include "test/e2e/broker_side.h"
#include "test/e2e/pod_events.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/scene.h"
#include "test/e2e/set_objects.h"
#include "test/e2e/small_pods.h"
#include "test/harness/background.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kFrom = "node-a";
constexpr const char* kBare = "lone";
constexpr const char* kDaemon = "daemon";
const std::set<std::string> kSets{"first", "second"};
constexpr const char* kReplicas = "third";
constexpr int kOfEach = 2;
constexpr std::size_t kMovable = 7;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

void open(const std::string& node) {
  Cluster{}.kubectl({"uncordon", node});
}

Json daemon_set(const std::string& ns) {
  Json pod = small_pod(ns, kDaemon, "");
  pod.at("spec").erase("nodeName");
  pod["spec"]["nodeSelector"] = {{"kubernetes.io/hostname", kFrom}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "DaemonSet"},
          {"metadata", {{"name", kDaemon}, {"namespace", ns}}},
          {"spec",
           {{"selector", {{"matchLabels", {{"app", kDaemon}}}}},
            {"template", {{"metadata", {{"labels", {{"app", kDaemon}}}}}, {"spec", pod.at("spec")}}}}}};
}

// Everything on node-a, at work; producers and broker are on the third node.
class Loaded {
 public:
  Loaded() {
    const Undo reopen{[] { open("node-b"); }};
    cluster().kubectl({"cordon", "node-b"});
    make_sets();
    cluster().apply(deployment(ns(), kReplicas, kOfEach, consumer_template(orders_, "metadata.name", "{pod}")));
    cluster().apply(daemon_set(ns()));
    for (const char* budgeted : {"first", kReplicas})
      cluster().apply(disruption_budget(ns(), budgeted));
    for (const std::string& rolled :
         {"statefulset/first", "statefulset/second", "deployment/third", "daemonset/daemon"})
      cluster().kubectl({"-n", ns(), "rollout", "status", rolled, "--timeout=180s"});
    const Json pods = cluster().get({"pods", "-n", ns()});
    for (const Json& pod : pods.at("items"))
      if (const std::string name = name_of(pod); !name.starts_with(kDaemon)) scene_of(name).adopt(name, load());
    ConsumerSpec bare = Scene::consumer_on(kFrom);
    bare.pod = kBare;
    bare.service_ms = 50;
    bare.prefetch = 5;
    scene_of(kBare).start(bare, load());
  }

  [[nodiscard]] const Stage& stage() const { return *stage_; }
  [[nodiscard]] const Cluster& cluster() const { return stage_->cluster(); }
  [[nodiscard]] const std::string& ns() const { return stage_->ns().name(); }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Scene>>& scenes() const { return scenes_; }
  [[nodiscard]] Json migrations() const {
    return cluster().get({"migrations.kubectl-migrate.dev", "-n", ns()}).at("items");
  }
  // What is on node-a, without what belongs to it.
  [[nodiscard]] std::set<std::string> left() const {
    std::set<std::string> names;
    const Json pods = cluster().get({"pods", "-n", ns(), "--field-selector", fmt::format("spec.nodeName={}", kFrom)});
    for (const Json& pod : pods.at("items"))
      if (const std::string name = name_of(pod); !name.starts_with(kDaemon)) names.insert(name);
    return names;
  }
  [[nodiscard]] static Words words() { return {"drain", kFrom, "--strategy", "stop", "--ignore-daemonsets"}; }

 private:
  static ProducerSpec load() { return {.per_second = 2, .producers = 2, .count = 0, .node = "node-c"}; }

  void make_sets() {
    for (const std::string& name : kSets) {
      for (int ordinal = 0; ordinal < kOfEach; ++ordinal) {
        const std::string pod = fmt::format("{}-{}", name, ordinal);
        scene_of(pod).orders().forget_queues();
        delete_queue(cluster(), "ms2m.control." + pod);
      }
      cluster().apply(headless_service(ns(), name, name));
      cluster().apply(
          stateful_set(ns(), name, {.replicas = kOfEach}, consumer_template(orders_, "metadata.name", "{pod}")));
    }
  }
  // Its queue is called after its first Pod.
  Scene& scene_of(const std::string& pod) {
    auto& scene = scenes_[pod];
    if (!scene) scene = std::make_unique<Scene>(stage_, orders_, pod);
    return *scene;
  }

  std::shared_ptr<const Stage> stage_ = std::make_shared<const Stage>("drain");
  const Undo reopen_{[] { open(kFrom); }};
  Orders orders_{stage_->cluster(), stage_->ns()};
  std::map<std::string, std::unique_ptr<Scene>> scenes_;
};

Loaded& loaded() {
  static Loaded made;
  return made;
}

std::string phase_of(const Json& migration) {
  return migration.value(Json::json_pointer{"/status/phase"}, std::string{});
}

struct Span {
  migrate::Instant begin;
  migrate::Instant end;
};

// From the first step's begin to the last one's end.
Span span_of(const Json& migration) {
  const Json& steps = migration.at("status").at("steps");
  const auto read = [](const Json& text) {
    return migrate::parse_rfc3339(text.get<std::string>()).value_or(migrate::Instant{});
  };
  return {read(steps.front().at("startedAt")), read(steps.back().at("finishedAt"))};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(draining)

BOOST_AUTO_TEST_CASE(a_dry_run_says_what_would_become_of_each_and_touches_nothing) {
  BOOST_REQUIRE(loaded().left().size() == kMovable);
  Words words = Loaded::words();
  words.insert(words.end(), {"--dry-run", "server"});
  const auto said = loaded().stage().plugin(words);
  BOOST_TEST(said.succeeded(), text_of(said));
  BOOST_TEST(count_of(said.output, " (server dry run): Stop, gap ") == kMovable, said.output);
  for (const auto& [name, scene] : loaded().scenes())
    BOOST_TEST(has(said.output, fmt::format("migrating pod {}/{} (server dry run)", loaded().ns(), name)), said.output);
  BOOST_TEST(has(said.output, "node/node-a drained (namespace drain) (server dry run)\n"), said.output);
  BOOST_TEST(loaded().migrations().empty());
  BOOST_TEST(loaded().cluster().field({"node", kFrom}, ".spec.unschedulable").empty());
}

BOOST_AUTO_TEST_CASE(interrupted_in_its_middle_it_is_begun_again_and_the_node_is_empty) {
  const migrate::test::TemporaryFolder folder;
  Background first{loaded().stage().plugin_words(Loaded::words()), folder / "drain"};
  eventually("one of them to have left", [&] {
    const Json all = loaded().migrations();
    return std::any_of(all.begin(), all.end(), [](const Json& one) { return phase_of(one) == "Succeeded"; });
  });
  first.signal(SIGINT);
  BOOST_TEST(first.wait() == 130, first.output() << first.errors());
  BOOST_TEST(first.output().starts_with("node/node-a cordoned\n"), first.output());
  BOOST_TEST(has(first.errors(), "Detached: what was begun goes on"), first.errors());
  BOOST_TEST(!loaded().left().empty(), "it had nothing left to do: " << first.output());

  const auto second = loaded().stage().plugin(Loaded::words());
  BOOST_TEST(second.succeeded(), text_of(second));
  BOOST_TEST_MESSAGE(first.output() << first.errors() << second.output << second.errors);
  BOOST_TEST(second.output.starts_with("node/node-a already cordoned\n"), second.output);
  BOOST_TEST(
      has(second.output, "node/node-a drained (namespace drain)\nTo use the node again: kubectl uncordon node-a"),
      second.output);
  BOOST_TEST(
      has(second.errors, fmt::format("Warning: ignoring DaemonSet-managed Pods: {}/{}-", loaded().ns(), kDaemon)),
      second.errors);
  BOOST_TEST(loaded().left().empty());
  BOOST_TEST(loaded().cluster().field({"node", kFrom}, ".spec.unschedulable") == "true");
}

BOOST_AUTO_TEST_CASE(each_has_moved_once_and_of_a_set_one_at_a_time) {
  const Json all = loaded().migrations();
  BOOST_TEST(all.size() == kMovable);
  std::map<std::string, std::vector<Span>> by_owner;
  std::set<std::string> moved;
  for (const Json& one : all) {
    const std::string pod = one.at("spec").at("pod").at("name").get<std::string>();
    BOOST_TEST_CONTEXT(pod) {
      BOOST_REQUIRE(phase_of(one) == "Succeeded");
      BOOST_TEST(moved.insert(pod).second, "it was asked for twice");
      const Json& target = one.at("status").at("target");
      BOOST_TEST(target.at("node") != kFrom);
      // All but a Deployment's keep their names.
      BOOST_TEST((target.at("pod") == pod) == !pod.starts_with(kReplicas));
      const auto owner = one.value(Json::json_pointer{"/status/owner/name"}, std::string{});
      for (const Span& other : by_owner[owner.empty() ? pod : owner]) {
        const Span own = span_of(one);
        BOOST_TEST((own.end <= other.begin || other.end <= own.begin), "two of " << owner << " moved at once");
      }
      by_owner[owner.empty() ? pod : owner].push_back(span_of(one));
      loaded().scenes().at(pod)->follow(one);
    }
  }
}

BOOST_AUTO_TEST_CASE(sets_have_their_pods_and_nothing_else_is_left) {
  const std::string& ns = loaded().ns();
  for (const std::string& kind : {"statefulset/first", "statefulset/second", "deployment/third"})
    eventually(kind + " to have all of its Pods, ready", [&] {
      const Json status = loaded().cluster().get({kind, "-n", ns}).at("status");
      return status.value("readyReplicas", 0) == kOfEach && status.value("replicas", 0) == kOfEach;
    });
  for (const std::string& set : kSets)
    for (int ordinal = 0; ordinal < kOfEach; ++ordinal) {
      const Json owner = controller_of(loaded().stage().pod(fmt::format("{}-{}", set, ordinal)));
      BOOST_REQUIRE(owner.is_object());
      BOOST_TEST(owner.at("name") == set);
    }
  for (const Json& one : loaded().migrations())
    loaded().stage().check_nothing_left(name_of(one));
  check_no_queues_left(loaded().stage());
}

BOOST_AUTO_TEST_CASE(nothing_was_lost_repeated_or_reordered) {
  for (const auto& [name, scene] : loaded().scenes()) {
    BOOST_TEST_CONTEXT(name) {
      scene->wait_for_more(10);
      const Verdict verdict = scene->judge();
      BOOST_TEST_MESSAGE(name << ":\n" << verdict.report);
      BOOST_TEST(verdict.clean, verdict.report);
    }
  }
}

// Placed by name, as the node is cordoned.
BOOST_AUTO_TEST_CASE(what_cannot_migrate_is_told_and_evicted_on_demand) {
  const std::string& ns = loaded().ns();
  Json stuck = small_pod(ns, "stuck", kFrom);
  stuck["spec"]["volumes"] = Json::array({{{"name", "data"}, {"hostPath", {{"path", "/var/tmp"}}}}});
  stuck["spec"]["containers"][0]["volumeMounts"] = Json::array({{{"name", "data"}, {"mountPath", "/data"}}});
  loaded().cluster().apply(stuck);
  loaded().cluster().wait_ready(ns, "stuck");

  const auto told = loaded().stage().plugin(Loaded::words());
  BOOST_TEST(code_of(told) == 1, text_of(told));
  BOOST_TEST(
      has(told.errors, "error: node/node-a (namespace drain) is not drained: 1 pod is left\n  pod drain/stuck\n"),
      told.errors);
  BOOST_TEST(has(told.errors, "HostPath: "), told.errors);
  BOOST_TEST(has(told.errors, "docs/troubleshooting.md#hostpath"), told.errors);
  BOOST_TEST(loaded().left() == std::set<std::string>{"stuck"}, boost::test_tools::per_element());

  Words words = Loaded::words();
  words.push_back("--evict");
  const auto kept = loaded().stage().plugin(words);
  BOOST_TEST(code_of(kept) == 1, text_of(kept));
  BOOST_TEST(has(kept.errors, "nor is it evicted"), kept.errors);

  words.push_back("--force");
  const auto evicted = loaded().stage().plugin(words);
  BOOST_TEST(evicted.succeeded(), text_of(evicted));
  BOOST_TEST(has(evicted.output, "evicting pod drain/stuck\npod/stuck evicted\n"), evicted.output);
  BOOST_TEST(loaded().left().empty());
}

BOOST_AUTO_TEST_SUITE_END()
