#include "test/e2e/product_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "test/e2e/product_processes.h"

namespace harness {

std::string leader_metrics(const Cluster& cluster) {
  return cluster.raw(
      fmt::format("/api/v1/namespaces/kubectl-migrate/pods/https:{}:9443/proxy/metrics", leader(cluster).pod));
}

double sum_in(const std::string& metrics, const std::string& name, const std::string& label) {
  double sum = 0;
  std::istringstream lines{metrics};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t value = line.rfind(' ');
    const std::size_t end = std::min(line.find('{'), value);
    if (value == std::string::npos || line.substr(0, end) != name) continue;
    if (line.substr(end, value - end).find(label) != std::string::npos) sum += std::stod(line.substr(value + 1));
  }
  return sum;
}

}  // namespace harness
