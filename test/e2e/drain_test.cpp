// kubectl migrate drain: three StatefulSets, a Deployment and a Pod of its own, all under load and two of them with a
// budget, leave a node beside a DaemonSet's Pod: one set by the strategy that the forecast chooses, the others by a
// drain that is interrupted in its middle and begun again. One audit for each of them at the end. And what cannot leave
// by a migration, or not now.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <set>
#include <thread>
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
// The last one's strategy is left to the forecast.
constexpr const char* kForecast = "fourth";
const std::set<std::string> kSets{"first", "second", kForecast};
constexpr const char* kReplicas = "third";
constexpr int kOfEach = 2;
constexpr std::size_t kMovable = 9;
constexpr std::size_t kAtOnce = 2;  // --parallel, by default

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
         {"statefulset/first", "statefulset/second", "statefulset/fourth", "deployment/third", "daemonset/daemon"})
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
      ConsumerSpec consumer = set_consumer();
      if (name == kForecast) consumer.service_time = "50ms";
      cluster().apply(headless_service(ns(), name, name));
      cluster().apply(stateful_set(ns(), name, {.replicas = kOfEach},
                                   consumer_template(orders_, "metadata.name", "{pod}", consumer)));
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

std::string pod_of(const Json& migration) {
  return migration.at("spec").at("pod").at("name").get<std::string>();
}

bool is_of(const Json& migration, const std::string& set) {
  return pod_of(migration).starts_with(set + "-");
}

// A live migration's way back into the name is a Migration of its own, and a part of that one.
bool is_second_hop(const Json& migration) {
  return migration.contains(Json::json_pointer{"/spec/target/name"});
}

bool has_its_name(const Json& migration) {
  const Json conditions = migration.value(Json::json_pointer{"/status/conditions"}, Json::array());
  return std::any_of(conditions.begin(), conditions.end(),
                     [](const Json& one) { return one.at("type") == "NameRestored" && one.at("status") == "True"; });
}

struct Passage {
  migrate::Instant begin;
  migrate::Instant end;
};

// From the first step's begin to the last one's end.
Passage span_of(const Json& migration) {
  const Json& steps = migration.at("status").at("steps");
  const auto read = [](const Json& text) {
    return migrate::parse_rfc3339(text.get<std::string>()).value_or(migrate::Instant{});
  };
  return {read(steps.front().at("startedAt")), read(steps.back().at("finishedAt"))};
}

// The most of them that lasted at one moment: it is the begin of one.
std::size_t most_at_once(const std::vector<Passage>& spans) {
  std::size_t most = 0;
  for (const Passage& one : spans)
    most = std::max(most, static_cast<std::size_t>(std::count_if(spans.begin(), spans.end(), [&](const Passage& other) {
                      return other.begin <= one.begin && one.begin < other.end;
                    })));
  return most;
}

// All of that set, without --strategy.
void drain_by_forecast() {
  std::vector<std::jthread> shadows;
  for (const auto& [name, scene] : loaded().scenes())
    if (name.starts_with(std::string{kForecast} + "-")) shadows.push_back(scene->follow_shadows());
  const auto done =
      loaded().stage().plugin({"drain", kFrom, "--ignore-daemonsets", "-l", fmt::format("app={}", kForecast)});
  BOOST_TEST_MESSAGE(text_of(done));
  BOOST_TEST(done.succeeded(), text_of(done));
  BOOST_TEST(done.output.starts_with("node/node-a cordoned\n"), done.output);
  BOOST_TEST(has(done.output, "node/node-a drained (namespace drain, pods with app=fourth)\n"), done.output);
}

// A Pod whose owner makes it anew wherever it may, but whom no migration would give back to it.
Json job(const std::string& ns, const std::string& name) {
  Json pod = small_pod(ns, name, kFrom).at("spec");
  pod["restartPolicy"] = "Never";
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}, {"namespace", ns}}},
          {"spec",
           {{"backoffLimit", 0},
            {"template", {{"metadata", {{"labels", {{"budget", "none"}}}}}, {"spec", std::move(pod)}}}}}};
}

// None of the two that it covers may be away.
Json budget_of_none(const std::string& ns) {
  return {{"apiVersion", "policy/v1"},
          {"kind", "PodDisruptionBudget"},
          {"metadata", {{"name", "none"}, {"namespace", ns}}},
          {"spec", {{"minAvailable", 2}, {"selector", {{"matchLabels", {{"budget", "none"}}}}}}}};
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
  drain_by_forecast();
  const migrate::test::TemporaryFolder folder;
  Background first{loaded().stage().plugin_words(Loaded::words()), folder / "drain"};
  eventually("one of them to have left", [&] {
    const Json all = loaded().migrations();
    return std::any_of(all.begin(), all.end(), [](const Json& one) {
      return phase_of(one) == "Succeeded" && !is_second_hop(one) && !is_of(one, kForecast);
    });
  });
  first.signal(SIGINT);
  BOOST_TEST(first.wait() == 130, first.output() << first.errors());
  BOOST_TEST(first.output().starts_with("node/node-a already cordoned\n"), first.output());
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
  std::map<std::string, std::vector<Passage>> by_owner;
  std::vector<Passage> spans;
  std::set<std::string> moved;
  for (const Json& one : loaded().migrations()) {
    if (is_second_hop(one)) continue;
    const std::string pod = pod_of(one);
    BOOST_TEST_CONTEXT(pod) {
      BOOST_REQUIRE(phase_of(one) == "Succeeded");
      spans.push_back(span_of(one));
      const auto strategy = one.at("status").at("strategy").get<std::string>();
      BOOST_TEST_MESSAGE(pod << ": " << strategy);
      BOOST_TEST((strategy == "Stop" || is_of(one, kForecast)), strategy);
      BOOST_TEST((strategy != "Live" || has_its_name(one)), one.at("status").dump());
      BOOST_TEST(moved.insert(pod).second, "it was asked for twice");
      const Json& target = one.at("status").at("target");
      BOOST_TEST(target.at("node") != kFrom);
      // All but a Deployment's keep their names.
      BOOST_TEST((target.at("pod") == pod) == !pod.starts_with(kReplicas));
      const auto owner = one.value(Json::json_pointer{"/status/owner/name"}, std::string{});
      for (const Passage& other : by_owner[owner.empty() ? pod : owner]) {
        const Passage own = span_of(one);
        BOOST_TEST((own.end <= other.begin || other.end <= own.begin), "two of " << owner << " moved at once");
      }
      by_owner[owner.empty() ? pod : owner].push_back(span_of(one));
      loaded().scenes().at(pod)->follow(one);
    }
  }
  BOOST_TEST(moved.size() == kMovable);
  BOOST_TEST(most_at_once(spans) <= kAtOnce);
}

BOOST_AUTO_TEST_CASE(sets_have_their_pods_and_nothing_else_is_left) {
  const std::string& ns = loaded().ns();
  for (const std::string& kind : {"statefulset/first", "statefulset/second", "statefulset/fourth", "deployment/third"})
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
BOOST_AUTO_TEST_CASE(what_a_budget_keeps_is_neither_moved_nor_evicted) {
  const std::string& ns = loaded().ns();
  const Undo mend{[&ns] {
    loaded().cluster().kubectl({"-n", ns, "delete", "pdb/none", "pod/held", "--ignore-not-found"});
    loaded().cluster().kubectl({"-n", ns, "delete", "job/kept", "--ignore-not-found", "--cascade=foreground"});
  }};
  loaded().cluster().apply(budget_of_none(ns));
  loaded().cluster().apply(job(ns, "kept"));
  Json held = small_pod(ns, "held", kFrom);
  held["metadata"]["labels"] = {{"budget", "none"}};
  loaded().cluster().apply(held);
  loaded().cluster().wait_ready(ns, "held");
  eventually("both of them to be there", [] { return loaded().left().size() == 2; });
  loaded().cluster().kubectl({"-n", ns, "wait", "pod", "-l", "budget=none", "--for=condition=Ready", "--timeout=60s"});
  const std::set<std::string> before = loaded().left();
  const std::size_t migrations = loaded().migrations().size();
  const Untouched untouched{loaded().stage(), "held"};

  Words words = Loaded::words();
  words.insert(words.end(), {"--evict", "--timeout", "25s"});
  const auto told = loaded().stage().plugin(words);
  BOOST_TEST(code_of(told) == 5, text_of(told));
  BOOST_TEST(has(told.output, "pod drain/held waits: PodDisruptionBudget drain/none allows no Pod to be away\n"),
             told.output);
  BOOST_TEST(has(told.errors, "the time is over (--timeout): node/node-a (namespace drain) is not drained: 2 pods"),
             told.errors);
  // It is asked again after 5 s.
  BOOST_TEST(count_of(told.errors, "(will retry after 5s): Cannot evict pod") >= 2U, told.errors);
  BOOST_TEST(loaded().left() == before, boost::test_tools::per_element());
  BOOST_TEST(loaded().migrations().size() == migrations);
  BOOST_TEST(untouched.trouble().empty(), untouched.trouble());
}

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
