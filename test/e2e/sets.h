// A StatefulSet `orders` of orders consumers on a stage, a queue and a producer for each ordinal. Each ordinal is a
// Scene, and whatever is done to one of them, all others are watched meanwhile.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "test/e2e/faults.h"
#include "test/e2e/scene.h"
#include "test/e2e/set_objects.h"

namespace harness {

inline constexpr const char* kSet = "orders";

// How long one that nobody moved stood still beside waiting messages, by its audit's figures, where that is so long
// that it was interrupted, against how long it did before anybody moved; empty: it was not.
[[nodiscard]] std::string pause_of_bystander(const nlohmann::json& figures);

// A Pod from which the set's DNS names are asked. move() and play() need it.
enum class DnsClient { yes, no };

class SetScene {
 public:
  explicit SetScene(const std::string& ns, DnsClient client = DnsClient::yes);

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

  // All audits. Clean if all are, and none of those that nobody moved was interrupted.
  [[nodiscard]] Verdict judge();

 private:
  // Once there is something to compare with.
  void begin_to_move(int ordinal);
  [[nodiscard]] std::string rows_of_pods() const;
  [[nodiscard]] bool is_bystander(int ordinal, const Scene& scene) const;

  std::shared_ptr<const Stage> stage_;
  Orders orders_;
  SetSpec spec_;
  std::map<int, std::unique_ptr<Scene>> scenes_;
  Span undisturbed_;              // with all loads at work, until the first one begins to move
  std::set<int> moved_;           // or began to
  bool broker_was_held_ = false;  // then all stood still
};

}  // namespace harness
