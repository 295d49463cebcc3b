#include "test/e2e/sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "test/e2e/broker_side.h"
#include "test/e2e/never_again.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/row_hold.h"
#include "test/e2e/set_watch.h"
#include "test/e2e/small_pods.h"

namespace harness {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kOrdinal = "metadata.labels['apps.kubernetes.io/pod-index']";
// What nobody disturbs pauses for the time of two orders, of 50 ms each: its two producers send one every 200 to 500
// ms. How much a machine of few cores adds to that shows before anybody moves; a move adds its own work, and some
// faults that of an API server that starts, which is no interruption yet. So it is many times that pause, and at least
// what a move costs who moves; and two seconds would be one on any machine.
constexpr std::int64_t kTimesUndisturbed = 10;
constexpr std::int64_t kNoInterruption = 1'000'000;
constexpr std::int64_t kInterrupted = 2'000'000;
// Some 20 orders of each that has a load.
constexpr auto kUndisturbed = 5s;

std::int64_t now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

std::string name_in(const Json& migration) {
  return migration.at("metadata").at("name").get<std::string>();
}

bool says_name_is_restored(const Json& migration) {
  const Json conditions = migration.value(Json::json_pointer{"/status/conditions"}, Json::array());
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return condition.at("type") == "NameRestored" && condition.at("status") == "True";
  });
}

}  // namespace

std::string pause_of_bystander(const Json& figures) {
  if (!figures.is_object()) return "its audit says nothing of its longest pause";
  const Json& gap = figures.at("gap");
  const auto longest = gap.at("microseconds").get<std::int64_t>();
  // Who nobody moved in this run, but some other way, has no time before that.
  const auto before = figures.value(Json::json_pointer{"/undisturbed/microseconds"}, kInterrupted);
  const std::int64_t limit = std::clamp(kTimesUndisturbed * before, kNoInterruption, kInterrupted);
  if (longest < limit) return "";
  return fmt::format("it was not moved, and stood still for {} ms, until {}, where {} ms are no interruption",
                     longest / 1000, gap.value("endedBy", std::string{}), limit / 1000);
}

SetScene::SetScene(const std::string& ns, DnsClient client)
    : stage_(std::make_shared<const Stage>(ns)), orders_(stage_->cluster(), stage_->ns()) {
  if (client == DnsClient::no) return;
  cluster().apply(small_pod(ns, kClient, "node-c"));
  cluster().wait_ready(ns, kClient);
}

std::string SetScene::pod_of(int ordinal) {
  return fmt::format("{}-{}", kSet, ordinal);
}

Json SetScene::object() const {
  return cluster().get({"statefulset", kSet, "-n", stage_->ns().name()});
}

void SetScene::start(const SetSpec& spec) {
  spec_ = spec;
  const std::string& ns = stage_->ns().name();
  const int loaded = spec.loaded == 0 ? spec.replicas : spec.loaded;
  // One more queue has the Pod that check_scales() makes.
  for (int i = 0; i <= spec.replicas; ++i) {
    const int ordinal = spec.first + i;
    auto scene = std::make_unique<Scene>(stage_, orders_, std::to_string(ordinal));
    scene->orders().forget_queues();
    // Those that the set's own Pods looked into to the end are left by sets of other namespaces, with the same names.
    delete_queue(cluster(), "ms2m.control." + pod_of(ordinal));
    if (i < loaded) scenes_.emplace(ordinal, std::move(scene));
  }
  cluster().apply(headless_service(ns, kSet, kSet));
  Json set = stateful_set(ns, kSet, spec, consumer_template(orders_, kOrdinal, "{ordinal}", spec.consumer));
  if (spec.apart) keep_apart(set);
  cluster().apply(set);
  cluster().kubectl({"-n", ns, "rollout", "status", std::string{"statefulset/"} + kSet, "--timeout=180s"});
  for (const auto& [ordinal, scene] : scenes_)
    scene->adopt(pod_of(ordinal),
                 {.per_second = spec.per_second / 2, .producers = 2, .count = 0, .warm_up = spec.warm_up});
  undisturbed_.from = now();
}

void SetScene::begin_to_move(int ordinal) {
  moved_.insert(ordinal);
  if (undisturbed_.until != 0) return;
  std::this_thread::sleep_for(kUndisturbed - std::chrono::microseconds{now() - undisturbed_.from});
  undisturbed_.until = now();
}

Scene::Move SetScene::move(int ordinal, Words words, const Words& named) {
  Scene& scene = at(ordinal);
  const std::string from = scene.node();
  if (std::find(words.begin(), words.end(), "--to") == words.end())
    words.insert(words.end(), {"--to", scene.other_node()});
  begin_to_move(ordinal);
  const SetWatch watch{stage(), kSet, pod_of(ordinal)};
  const std::size_t source = scene.instances() - 1;
  Scene::Move moved = scene.move(words, named);
  const std::string name = name_in(moved.migration);
  const Json& status = moved.migration.at("status");
  stage().require(scene.consumer() == pod_of(ordinal), "it goes on as " + scene.consumer(), name);
  stage().require(scene.node() != from, "it is where it was, on " + from, name);
  stage().require(status.value(Json::json_pointer{"/owner/kind"}, std::string{}) == "StatefulSet" &&
                      status.value(Json::json_pointer{"/owner/name"}, std::string{}) == kSet,
                  "the status does not name its owner, StatefulSet orders", name);
  if (status.at("strategy") == "Live") {
    stage().require(says_name_is_restored(moved.migration), "no condition says that its name is restored", name);
    stage().check_nothing_left(name + "-name-1");
  }
  stage().check_nothing_left(name);
  check_none_ran_again(scene, source, moved.migration);
  const std::string trouble = watch.trouble();
  stage().require(trouble.empty(), trouble, name);
  return moved;
}

std::string SetScene::play(int ordinal, const Row& row) {
  begin_to_move(ordinal);
  broker_was_held_ = broker_was_held_ || stops_broker(row);
  const SetWatch watch{stage(), kSet, pod_of(ordinal)};
  std::string ended = harness::play(at(ordinal), row);
  if (at(ordinal).consumer() != pod_of(ordinal))
    throw std::runtime_error(fmt::format("{}, and it goes on as {}", ended, at(ordinal).consumer()));
  if (const std::string trouble = watch.trouble(); !trouble.empty())
    throw std::runtime_error(fmt::format("{}, and then:\n{}", ended, trouble));
  return ended;
}

// "orders-0 UID RESTARTS", a line for each.
std::string SetScene::rows_of_pods() const {
  std::string rows;
  const Json pods = cluster().get({"pods", "-n", stage().ns().name(), "-l", fmt::format("app={}", kSet)});
  for (const Json& pod : pods.at("items"))
    rows += fmt::format("{} {} {}\n", name_of(pod), uid_of(pod), restarts_of(pod));
  return rows;
}

void SetScene::check_scales() const {
  const std::string& ns = stage().ns().name();
  const std::string before = rows_of_pods();
  const std::string one_more = pod_of(spec_.first + spec_.replicas);
  const auto scale = [&](int replicas) {
    cluster().kubectl({"-n", ns, "scale", std::string{"statefulset/"} + kSet, fmt::format("--replicas={}", replicas)});
  };
  const auto is_there = [&] { return cluster().run({"kubectl", "-n", ns, "get", "pod", one_more}).succeeded(); };
  scale(spec_.replicas + 1);
  eventually("set orders to make " + one_more, is_there);
  cluster().wait_ready(ns, one_more);
  scale(spec_.replicas);
  eventually("set orders to remove " + one_more, [&] { return !is_there(); });
  const std::string now = rows_of_pods();
  if (now != before) throw std::runtime_error(fmt::format("scaled, the Pods were\n{}and are\n{}", before, now));
}

// What moved otherwise than by this scene's move() shows by the logs of its instances.
bool SetScene::is_bystander(int ordinal, const Scene& scene) const {
  return !broker_was_held_ && !moved_.contains(ordinal) && scene.instances() == 1;
}

Verdict SetScene::judge() {
  check_no_queues_left(stage());
  Verdict all{.clean = true, .report = {}};
  const auto undisturbed = undisturbed_.until == 0 ? std::nullopt : std::optional{undisturbed_};
  for (const auto& [ordinal, scene] : scenes_) {
    const Verdict one = scene->judge(undisturbed);
    all.clean = all.clean && one.clean;
    all.report += fmt::format("{}:\n{}\n", pod_of(ordinal), one.report);
    if (!is_bystander(ordinal, *scene)) continue;
    if (const std::string pause = pause_of_bystander(one.figures); !pause.empty()) {
      all.clean = false;
      all.report += fmt::format("{}\n", pause);
    }
  }
  return all;
}

}  // namespace harness
