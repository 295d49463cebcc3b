#include "test/bench/evaluation/bed.h"

#include <fmt/format.h>

#include <algorithm>

#include "test/e2e/broker_side.h"

namespace evaluation {
namespace {

using namespace harness;
using Json = nlohmann::json;

constexpr int kOrdinal = 0;

// With the annotation that a user gives whose consumer is not always busy: `auto` then knows μ at any load.
ConsumerSpec consumer_of(const Cell& cell) {
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.service_ms = cell.service_ms;
  consumer.memory_mib = cell.memory_mib;
  consumer.prefetch = kPrefetch;
  consumer.service_time = fmt::format("{}ms", cell.service_ms);
  consumer.grace = ConsumerSpec::Grace::kubernetes_own;
  return consumer;
}

// Where more comes than can be handled, what a replay has to catch up with grows with all that was before it: so there
// a move begins when the load is this old, however long the preparations took.
constexpr int kOverloadedSeconds = 20;

// Above this the broker knows λ: its figure is of its last two looks at the queue, 5 s apart, and the load may have
// begun between them. A tenth may be lacking, or one order of that time, and as these are some milliseconds more, a
// hundredth.
double known_rate_of(const Cell& cell) {
  return cell.per_second - std::max(0.1 * cell.per_second, 0.2) - 0.01;
}

bool is_overload(const Cell& cell) {
  return cell.per_second * cell.service_ms >= 1000;
}

}  // namespace

Bed::Bed(const Cell& cell, const std::string& ns) {
  strategy_named(cell.strategy).subject == Subject::set ? start_set(cell, ns) : start_pods(cell, ns);
  // The broker lists a consumer up to 5 s after it has come, and a move waits for that: one that has been at work for
  // long does not. Else it would hang on how quick these preparations were what a move takes.
  for (std::size_t member = 0; member < size(); ++member)
    (void)consuming_connections(stage().cluster(), at(member).orders().queue());
  if (is_overload(cell))
    await_old_load(cell);
  else if (strategy_named(cell.strategy).mover == Mover::product)
    await_known_rate(cell);
}

void Bed::await_old_load(const Cell& cell) const {
  const auto wanted = static_cast<std::uint64_t>(cell.per_second) * kOverloadedSeconds;
  for (std::size_t member = 0; member < size(); ++member)
    eventually("the load to be as old as in every such run", [&] { return at(member).sent() >= wanted; });
}

// A queue that has been fed for long has a rate, by which the product forecasts; one of a few seconds has none, or 0.
void Bed::await_known_rate(const Cell& cell) const {
  for (std::size_t member = 0; member < size(); ++member)
    eventually("the broker to know how much comes",
               [&] { return publish_rate(stage().cluster(), at(member).orders().queue()) >= known_rate_of(cell); });
}

void Bed::start_pods(const Cell& cell, const std::string& ns) {
  stage_ = std::make_shared<const Stage>(ns);
  orders_.emplace(stage_->cluster(), stage_->ns());
  std::vector<Json> manifests;
  for (int member = 0; member < cell.at_once; ++member) {
    auto scene = std::make_unique<Scene>(stage_, *orders_, std::to_string(member));
    scene->orders().forget_queues();
    ConsumerSpec consumer = consumer_of(cell);
    if (cell.at_once > 1) consumer.pod = fmt::format("{}-{}", consumer.pod, member);
    Json manifest = scene->orders().consumer_pod(consumer);
    // Several come up beside each other, and are there already for what follows one after the other.
    if (cell.at_once > 1) stage_->cluster().apply(manifest);
    manifests.push_back(std::move(manifest));
    pods_.push_back(std::move(scene));
  }
  for (std::size_t member = 0; member < pods_.size(); ++member) {
    ProducerSpec load{.per_second = cell.per_second / 2.0, .producers = 2, .count = 0, .node = "node-c"};
    // When the last one has, the others have.
    load.warm_up = member + 1 == pods_.size() ? warm_up_of(cell) : 0;
    pods_[member]->start(manifests[member], load);
  }
  manifest_ = std::move(manifests.front());
}

void Bed::start_set(const Cell& cell, const std::string& ns) {
  set_ = std::make_unique<SetScene>(ns, DnsClient::no);
  set_->start({.replicas = 1,
               .per_second = static_cast<double>(cell.per_second),
               .consumer = consumer_of(cell),
               .warm_up = warm_up_of(cell)});
}

const Stage& Bed::stage() const {
  return set_ ? set_->stage() : *stage_;
}

Scene& Bed::at(std::size_t member) const {
  return set_ ? set_->at(kOrdinal) : *pods_.at(member);
}

Json Bed::selector() const {
  if (set_) return {{"statefulset.kubernetes.io/pod-name", SetScene::pod_of(kOrdinal)}};
  return manifest_.at("metadata").at("labels");
}

}  // namespace evaluation
