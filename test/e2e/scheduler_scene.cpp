#include "test/e2e/scheduler_scene.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace harness {

using Json = nlohmann::json;

SchedulerScene::SchedulerScene(const std::string& name) : ns_(cluster_, name) {
  cluster_.must({"install"});
  enable_migrations(cluster_, ns_);
  make_pod(kSleeper, kDefaultScheduler, "node-a");
  cluster_.wait_ready(ns(), kSleeper);
}

void SchedulerScene::make_pod(const std::string& name, const std::string& scheduler, const std::string& node) const {
  Json spec = {{"terminationGracePeriodSeconds", 0},
               {"schedulerName", scheduler},
               {"containers",
                {{{"name", "main"}, {"image", "registry.test/busybox:trixie"}, {"command", {"sleep", "100000"}}}}}};
  if (!node.empty())
    spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] = {
        {{"weight", 100},
         {"preference",
          {{"matchExpressions", {{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {node}}}}}}}}};
  cluster_.apply(
      {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", ns()}}}, {"spec", spec}});
}

std::string SchedulerScene::node_of(const std::string& pod) const {
  return cluster_.field({"pod", pod, "-n", ns()}, ".spec.nodeName");
}

std::string SchedulerScene::events(const std::string& pod, const std::string& reason) const {
  const Json listed = cluster_.get(
      {"events", "-n", ns(), "--field-selector", fmt::format("involvedObject.name={},reason={}", pod, reason)});
  std::string lines;
  for (const Json& event : listed.at("items"))
    lines += fmt::format("{}: {}\n", event.value("reportingComponent", ""), event.value("message", ""));
  return lines;
}

void SchedulerScene::scale(const std::string& deployment, int replicas) const {
  cluster_.kubectl({"-n", kHome, "scale", "deployment", deployment, fmt::format("--replicas={}", replicas)});
  if (replicas > 0) {
    cluster_.kubectl({"-n", kHome, "rollout", "status", "deployment/" + deployment, "--timeout=120s"});
    return;
  }
  eventually("the Pods of " + deployment + " to go", [&] {
    return cluster_.get({"pods", "-n", kHome, "-l", "app.kubernetes.io/name=" + deployment}).at("items").empty();
  });
}

Json SchedulerScene::move(const Words& words) const {
  Words all{kSleeper, "-n", ns(), "--strategy", "stop", "--keep-name", "-o", "json"};
  all.insert(all.end(), words.begin(), words.end());
  const auto moved = migrate_command(cluster_, all);
  if (!moved.succeeded())
    throw std::runtime_error(
        fmt::format("kubectl-migrate: {}\n{}{}", to_string(moved.ending), moved.output, moved.errors));
  cluster_.wait_ready(ns(), kSleeper);
  return Json::parse(moved.output);
}

}  // namespace harness
