// A Deployment `orders` of orders consumers on a stage, a queue and a producer for each Pod, by its name. Each Pod is a
// Scene, and whatever is done to one of them, its ReplicaSet is watched meanwhile: it never has fewer Pods than it
// wants nor more than one too many, makes none itself and takes none that has moved.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/e2e/faults.h"
#include "test/e2e/scene.h"

namespace harness {

class DeploymentScene {
 public:
  // Returns when all Pods are ready and work; `per_second`: into each queue.
  DeploymentScene(const std::string& ns, int replicas, double per_second);

  [[nodiscard]] const Stage& stage() const { return *stage_; }
  [[nodiscard]] const Cluster& cluster() const { return stage_->cluster(); }
  [[nodiscard]] Scene& at(std::size_t number) { return *scenes_.at(number); }

  // Scene::move() to its other node, and all that must hold of the Deployment afterwards.
  Scene::Move move(std::size_t number, const std::string& strategy);
  // The same of a row of a table of faults. Returns how it ended, for a person.
  std::string play(std::size_t number, const Row& row);
  // The same by `stop`, and the Migration is deleted (`cascade`: background, foreground) while the target is restored.
  void move_and_delete(std::size_t number, const std::string& cascade);
  // All Pods are replaced, as if nothing had been. State is in memory only: the last thing to be done.
  void check_rolls_out() const;

  // All audits. Clean if all are.
  [[nodiscard]] Verdict judge();

 private:
  struct Watch;
  [[nodiscard]] const std::string& ns() const;
  void await_rollout() const;
  void begin_and_delete(const Scene& scene, const std::string& name, const std::string& cascade,
                        nlohmann::json& begun) const;
  void check_after(const Watch& watch, const Scene& scene, const std::string& migration) const;
  void check_adopted(const std::string& pod, const std::string& migration) const;

  int replicas_;
  std::shared_ptr<const Stage> stage_;
  Orders orders_;
  std::vector<std::unique_ptr<Scene>> scenes_;
};

}  // namespace harness
