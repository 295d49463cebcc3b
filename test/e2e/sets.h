// A StatefulSet `orders` of orders consumers on a stage, a queue and a producer for each ordinal. Each ordinal is a
// Scene, and whatever is done to one of them, all others are watched meanwhile.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "test/e2e/faults.h"
#include "test/e2e/scene.h"
#include "test/e2e/set_objects.h"

namespace harness {

inline constexpr const char* kSet = "orders";

class SetScene {
 public:
  explicit SetScene(const std::string& ns);

  // Returns when all Pods are ready and those with a load work.
  void start(const SetSpec& spec);

  [[nodiscard]] const Stage& stage() const { return *stage_; }
  [[nodiscard]] const Cluster& cluster() const { return stage_->cluster(); }
  [[nodiscard]] static std::string pod_of(int ordinal);
  // One that has a load.
  [[nodiscard]] Scene& at(int ordinal) { return *scenes_.at(ordinal); }
  [[nodiscard]] nlohmann::json object() const;

  // Scene::move(), to its other node unless the words say where to, and all that must hold of the set afterwards.
  Scene::Move move(int ordinal, Words words, const Words& named = {});
  // The same of a row of a table of faults.
  std::string play(int ordinal, const Row& row);

  // One more, and back, and nobody else notices.
  void check_scales() const;

  // All audits. Clean if all are.
  [[nodiscard]] Verdict judge();

 private:
  [[nodiscard]] std::string rows_of_pods() const;

  std::shared_ptr<const Stage> stage_;
  Orders orders_;
  SetSpec spec_;
  std::map<int, std::unique_ptr<Scene>> scenes_;
};

}  // namespace harness
