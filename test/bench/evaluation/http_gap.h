// What probes of a consumer's HTTP port say while it moves.
//
// Probes begin every 10 ms whether or not the ones before are over, so a long wait hides none. SHADOW's downtime is the
// longest row of failed probes, by a prober that waits for each answer and counts a failure as 10 ms though it may last
// a second. Here a row lasts from the beginning of its first probe to the beginning of the next that is answered. A
// request that waits out a freeze is answered late and has not failed; the gap between answers says that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/units.h"

namespace evaluation {

struct Probe {
  std::int64_t began = 0;  // microseconds since 1970
  std::int64_t ended = 0;
  bool answered = false;  // with 200
  auto operator<=>(const Probe&) const = default;
};

// http-prober's lines, "BEGAN ENDED STATUS"; a last line without its end is left out.
[[nodiscard]] std::vector<Probe> parse_probes(const std::string& lines);

struct HttpFigures {
  std::uint64_t probes = 0;
  std::uint64_t failed = 0;
  // The longest time between two answers that follow each other; of a service that does not come back, to the end of
  // the last probe. An undisturbed one has some 10 ms.
  migrate::Microseconds gap{0};
  // The longest row of failed probes.
  migrate::Microseconds failing{0};
  bool ends_answered = false;  // the probe that ended last was answered
};
// Counted from the first answer on. In any order; no answer at all gives no times.
[[nodiscard]] HttpFigures http_figures(std::vector<Probe> probes);

}  // namespace evaluation
