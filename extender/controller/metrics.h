// What is counted of migrations; the implementation for Prometheus is extender/metrics. From any thread.
#pragma once

#include <chrono>

#include "shared/base/units.h"
#include "shared/migration/phase.h"

namespace migrate::controller {

class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual void phase_took(Phase phase, Microseconds duration) = 0;
  // Neither done nor refused by rule: what the phase's work came to was a failure.
  virtual void step_failed(Phase phase) = 0;
  virtual void migration_began() = 0;
  virtual void migration_ended(Phase outcome) = 0;
  virtual void moved(Microseconds freeze, Microseconds gap, Bytes bytes) = 0;
  virtual void leads(bool leader) = 0;
};

}  // namespace migrate::controller
