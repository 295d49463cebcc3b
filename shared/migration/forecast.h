// How long a hop will take, from sizes and speeds. Pure. Default speeds: medians of our own measurements of the direct
// backend between two nodes of one machine (facts in ARCHITECTURE.md).
#pragma once

#include <chrono>

#include "shared/base/units.h"
#include "shared/migration/migration.h"

namespace migrate {

struct HopSize {
  Bytes memory;   // resident, of all containers
  Bytes volumes;  // emptyDir content that is carried
  Bytes image;    // of all containers; matters to the kubelet's backend only
};

struct Speeds {
  milliseconds checkpoint_fixed{150};
  double checkpoint_ms_per_mib = 1.0;
  milliseconds kubelet_fixed{300};
  double kubelet_ms_per_mib = 5.0;
  double kubelet_ms_per_image_mib = 8.0;
  milliseconds transfer_fixed{30};
  double transfer_ms_per_mib = 2.5;
  milliseconds restore_fixed{200};
  double restore_ms_per_mib = 1.5;
};

struct Forecast {
  milliseconds checkpoint{0};
  milliseconds transfer{0};
  milliseconds restore{0};
  // Frozen until the commit, and until the target runs.
  [[nodiscard]] milliseconds freeze() const { return checkpoint + transfer; }
  [[nodiscard]] milliseconds gap() const { return freeze() + restore; }
};

[[nodiscard]] Forecast forecast(const HopSize& size, CheckpointBackend backend, const Speeds& speeds = {});

}  // namespace migrate
