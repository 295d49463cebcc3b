#include "test/e2e/doubt.h"

#include <fmt/format.h>

#include "test/e2e/holds.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/small_pods.h"

namespace harness {
namespace {

using Json = nlohmann::json;

std::string all_of(const migrate::Completed& answer) {
  return answer.output + answer.errors;
}

migrate::Completed ended(Background& plugin) {
  const int code = plugin.wait(std::chrono::seconds{300});
  return {migrate::Exited{code}, plugin.output(), plugin.errors()};
}

void check(const Scene& scene, const std::string& migration, const migrate::Completed& answer, int code,
           const Words& parts) {
  bool as_asked = code_of(answer) == code;
  for (const std::string& part : parts)
    as_asked = as_asked && all_of(answer).find(part) != std::string::npos;
  scene.stage().require(
      as_asked,
      fmt::format("exit code {} and '{}' were asked for:\n{}", code, fmt::join(parts, "', '"), text_of(answer)),
      migration);
}

// CRIU is killed on that node in what the plugin is told by `words`.
migrate::Completed lose_criu_on(const Scene& scene, const std::string& target, const Words& words) {
  const migrate::test::TemporaryFolder folder;
  auto hold = hold_criu(scene.cluster(), target);
  Background plugin{scene.stage().plugin_words(words), folder / "out"};
  hold->await();
  scene.cluster().on(target, {"pkill", "-KILL", "-f", "^/bin/sh [^ ]*criu swrk"});
  hold.reset();
  return ended(plugin);
}

}  // namespace

migrate::Completed lose_criu(const Scene& scene, const std::string& migration) {
  const std::string target = scene.other_node();
  return lose_criu_on(scene, target, {scene.consumer(), "--to", target, "--name", migration});
}

migrate::Completed lose_criu_again(const Scene& scene, const std::string& migration) {
  return lose_criu_on(scene, scene.other_node(), {"resume", migration, "--from-checkpoint"});
}

migrate::Completed spoil_side(const Scene& scene, const std::string& migration) {
  const migrate::test::TemporaryFolder folder;
  const std::string target = scene.other_node();
  PhaseGate gate{scene.cluster(), scene.stage().ns().name(), "Restoring"};
  Background plugin{scene.stage().plugin_words({scene.consumer(), "--to", target, "--name", migration}),
                    folder / "out"};
  scene.stage().await("the archives", migration, [&] { return gate.is_reached() || !plugin.is_running(); });
  const auto uid = scene.stage().migration(migration).at("metadata").at("uid").get<std::string>();
  const std::string spoiled =
      scene.cluster().on(target, {"sh", "-c",
                                  "for f in $(find /var/lib/kubectl-migrate/targets/\"$0\" -path '*/side/*' -name "
                                  "inventory.img); do : >$f; echo $f; done",
                                  uid});
  scene.stage().require(!spoiled.empty(), "there is no archive of side to be spoiled", migration);
  gate.open();
  return ended(plugin);
}

Json consumer_with_side(const Scene& scene, const std::string& node) {
  Json pod = scene.orders().consumer_pod(Scene::consumer_on(node));
  Json side = small_pod("", "", "").at("spec").at("containers").at(0);
  side["name"] = "side";
  pod["spec"]["containers"].push_back(std::move(side));
  return pod;
}

void check_doubt(const Scene& scene, const std::string& migration, const migrate::Completed& answer) {
  const std::string in_namespace = migration + " -n " + scene.stage().ns().name();
  const Words choices{"In doubt", fmt::format("kubectl migrate resolve {} --keep target", in_namespace),
                      fmt::format("kubectl migrate resolve {} --keep source", in_namespace),
                      fmt::format("kubectl migrate resume {} --from-checkpoint", in_namespace)};
  check(scene, migration, answer, 6, choices);
  const auto ask = [&](const Words& words, int code, const Words& parts) {
    check(scene, migration, scene.stage().plugin(words), code, parts);
  };
  ask({"status", migration}, 6, choices);
  ask({"abort", migration}, 6, {"an abort does not decide this"});
  ask({"resolve", migration}, 2, {"--keep source or --keep target"});
  ask({"resume", migration}, 2, {"--from-checkpoint"});
  const Json status = scene.stage().migration(migration).at("status");
  bool is_told = false;
  for (const Json& condition : status.at("conditions"))
    is_told = is_told || (condition.at("type") == "InDoubt" && condition.at("status") == "True");
  scene.stage().require(status.at("phase") == "InDoubt" && is_told, "the status does not say that it is in doubt",
                        migration);
}

void decide(const Scene& scene, const std::string& migration, const Words& words, const std::string& said) {
  check(scene, migration, scene.stage().plugin(words), 0, {said});
}

}  // namespace harness
