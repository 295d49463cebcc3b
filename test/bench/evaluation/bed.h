// The consumers of a run, at work: Pods of their own, or one of a StatefulSet; each with a queue and a producer.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "test/bench/evaluation/grid.h"
#include "test/e2e/sets.h"

namespace evaluation {

inline constexpr int kPrefetch = 5;

class Bed {
 public:
  // Returns when all of them work.
  Bed(const Cell& cell, const std::string& ns);

  [[nodiscard]] const harness::Stage& stage() const;
  [[nodiscard]] std::size_t size() const { return set_ ? 1 : pods_.size(); }
  [[nodiscard]] harness::Scene& at(std::size_t member) const;
  // By which a Service finds the first one, before and after it has moved.
  [[nodiscard]] nlohmann::json selector() const;
  // What the first one was made of, when it is a Pod of its own.
  [[nodiscard]] const nlohmann::json& manifest() const { return manifest_; }

 private:
  void start_pods(const Cell& cell, const std::string& ns);
  void start_set(const Cell& cell, const std::string& ns);
  void await_old_load(const Cell& cell) const;
  void await_known_rate(const Cell& cell) const;

  std::unique_ptr<harness::SetScene> set_;
  std::shared_ptr<const harness::Stage> stage_;
  std::optional<harness::Orders> orders_;
  std::vector<std::unique_ptr<harness::Scene>> pods_;
  nlohmann::json manifest_;
};

}  // namespace evaluation
