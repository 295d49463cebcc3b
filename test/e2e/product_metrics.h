// What the product tells Prometheus.
#pragma once

#include <string>

#include "test/harness/cluster.h"

namespace harness {

// The leader's, in Prometheus' text format.
[[nodiscard]] std::string leader_metrics(const Cluster& cluster);

// Pure. The sum of all series of that name whose labels contain `label` (`strategy="Live"`; empty: whatever they are).
[[nodiscard]] double sum_in(const std::string& metrics, const std::string& name, const std::string& label = "");

}  // namespace harness
