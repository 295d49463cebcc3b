// On what it is measured: versions and machine, as they stand in each row.
#pragma once

#include <cstdint>
#include <string>

#include "test/harness/cluster.h"

namespace evaluation {

struct Surroundings {
  std::string versions;  // "source=1a2b3c4d kubernetes=v1.36.3 …"
  std::string machine;   // "cpus=2 memory_mib=24000 kernel=6.18.5 cpu=…"
};
[[nodiscard]] Surroundings look_around(const harness::Cluster& cluster);

// What the processors did with their time, of all of them together: shares of 1, between two of these.
struct CpuTime {
  std::uint64_t busy = 0;
  std::uint64_t stolen = 0;  // another machine had it
  std::uint64_t all = 0;
};
[[nodiscard]] CpuTime cpu_time();
struct CpuShares {
  double busy = 0;
  double stolen = 0;
};
[[nodiscard]] CpuShares shares_between(const CpuTime& before, const CpuTime& after);

// How many processes wanted a processor within the last minute, as /proc/loadavg says.
[[nodiscard]] double load_of_last_minute();

}  // namespace evaluation
