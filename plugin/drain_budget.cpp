#include "plugin/drain_budget.h"

#include <algorithm>

#include "plugin/json_path.h"
#include "shared/kube/known_objects.h"
#include "shared/kube/label_selector.h"

namespace migrate::plugin {

Budget budget_of(const Json& object) {
  Budget budget;
  budget.namespace_ = kube::metadata_of(object, "namespace");
  budget.name = kube::metadata_of(object, "name");
  const bool is_observed =
      number_at(object, {"status", "observedGeneration"}) >= number_at(object, {"metadata", "generation"});
  const std::int64_t allowed = number_at(object, {"status", "disruptionsAllowed"});
  if (is_observed) budget.allowed = static_cast<std::size_t>(std::max<std::int64_t>(allowed, 0));
  if (const Json* selector = find(object, {"spec", "selector"}); selector != nullptr) budget.selector = *selector;
  return budget;
}

std::vector<std::string> budgets_over(const Json& pod, const std::vector<Budget>& budgets) {
  const std::string namespace_ = kube::metadata_of(pod, "namespace");
  const Json* labels = find(pod, {"metadata", "labels"});
  std::vector<std::string> found;
  for (const Budget& one : budgets)
    if (one.namespace_ == namespace_ && kube::selects(&one.selector, labels)) found.push_back(one.title());
  return found;
}

}  // namespace migrate::plugin
