// On what it is measured: versions and machine, as they stand in each row.
#pragma once

#include <string>

#include "test/harness/cluster.h"

namespace evaluation {

struct Surroundings {
  std::string versions;  // "source=1a2b3c4d kubernetes=v1.36.3 …"
  std::string machine;   // "cpus=2 memory_mib=24000 kernel=6.18.5 cpu=…"
};
[[nodiscard]] Surroundings look_around(const harness::Cluster& cluster);

// How many processes wanted a processor within the last minute, as /proc/loadavg says.
[[nodiscard]] double load_of_last_minute();

}  // namespace evaluation
