#include "shared/migration/forecast.h"

#include <cmath>

namespace migrate {
namespace {

double mib(Bytes size) {
  return static_cast<double>(size.count) / static_cast<double>((1_MiB).count);
}

milliseconds whole(double ms) {
  return milliseconds{static_cast<milliseconds::rep>(std::ceil(ms))};
}

}  // namespace

Forecast forecast(const HopSize& size, CheckpointBackend backend, const Speeds& speeds) {
  const double memory = mib(size.memory);
  const double volumes = mib(size.volumes);
  Forecast made;
  // Automatic is direct where that is possible. Volumes are carried by the agent itself, whatever the backend.
  if (backend == CheckpointBackend::kubelet)
    made.checkpoint = speeds.kubelet_fixed +
                      whole(memory * speeds.kubelet_ms_per_mib + mib(size.image) * speeds.kubelet_ms_per_image_mib +
                            volumes * speeds.checkpoint_ms_per_mib);
  else
    made.checkpoint = speeds.checkpoint_fixed + whole((memory + volumes) * speeds.checkpoint_ms_per_mib);
  made.transfer = speeds.transfer_fixed + whole((memory + volumes) * speeds.transfer_ms_per_mib);
  made.restore = speeds.restore_fixed + whole(memory * speeds.restore_ms_per_mib);
  made.snapshot = whole(static_cast<double>(made.checkpoint.count()) * speeds.frozen_share);
  return made;
}

}  // namespace migrate
