// What a PromQL expression asks for, as far as names go; whether it is one promtool says. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace migrate::monitoring {

struct Selector {
  std::string metric;
  std::set<std::string> labels;  // that are compared in its braces
  bool operator==(const Selector&) const = default;
};

// In their order. Grafana's variables may stand where PromQL has a string or a range.
[[nodiscard]] std::vector<Selector> selectors_of(std::string expression);

// Labels in by (…), on (…) and the like.
[[nodiscard]] std::set<std::string> grouping_labels_of(const std::string& expression);

}  // namespace migrate::monitoring
