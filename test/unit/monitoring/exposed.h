// What the programs expose to Prometheus, by their own code: each figure counted once.
#pragma once

#include <map>
#include <set>
#include <string>

namespace migrate::monitoring {

struct Exposed {
  std::set<std::string> families;                       // as in docs/metrics.md
  std::map<std::string, std::set<std::string>> series;  // with _bucket and the like, and the labels of each
};

[[nodiscard]] const Exposed& exposed();

}  // namespace migrate::monitoring
