// What CRIU says of its own work: the images stats-dump and stats-restore. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace bench {

// criu/images/stats.proto (criu 4.2): StatsEntry{1: DumpStatsEntry, 2: RestoreStatsEntry}; times are microseconds.
struct CriuDump {
  migrate::Microseconds freezing{0};  // until all tasks stood still
  migrate::Microseconds frozen{0};
  migrate::Microseconds memory_dumping{0};
  migrate::Microseconds memory_writing{0};
  std::uint64_t pages_written = 0;
};
struct CriuRestore {
  migrate::Microseconds forking{0};
  migrate::Microseconds restoring{0};
};

// An error says what about the bytes is not as CRIU writes them.
[[nodiscard]] migrate::Result<CriuDump> parse_stats_dump(std::string_view image);
[[nodiscard]] migrate::Result<CriuRestore> parse_stats_restore(std::string_view image);

}  // namespace bench
