// PodDisruptionBudgets as a migration keeps them. To be evicted and to be moved is the same to an application's
// availability: for a moment there is one Pod less that works. Pure. Source: policy/v1, and the API server's eviction
// (pkg/registry/core/pod/storage/eviction.go).
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace migrate::plugin {

using Json = nlohmann::json;

struct Budget {
  std::string namespace_;
  std::string name;
  std::size_t allowed = 0;  // Pods that may be away from now on
  Json selector;            // of labels

  [[nodiscard]] std::string title() const { return namespace_ + "/" + name; }
};

// One whose status is not of its spec yet allows nothing.
[[nodiscard]] Budget budget_of(const Json& object);

// The titles of those that the Pod is covered by.
[[nodiscard]] std::vector<std::string> budgets_over(const Json& pod, const std::vector<Budget>& budgets);

}  // namespace migrate::plugin
