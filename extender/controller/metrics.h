// What is counted of migrations; the implementation for Prometheus is extender/metrics. From any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "shared/base/units.h"
#include "shared/migration/migration.h"
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
  // One that has succeeded: what it was forecast at, and how long it took. What is not known is not counted.
  virtual void forecast(const MigrationStatus& status) = 0;
  virtual void leads(bool leader) = 0;
  // A migration that is known here, by its uid, was created then and stands there, as the watch shows it; what has
  // ended counts no more. And one that is not there any more.
  virtual void stands(const std::string& migration, Instant created, Phase phase) = 0;
  virtual void gone(const std::string& migration) = 0;
  // The mirror of a migration, by its uid, as it was last read; and that this replica reads it no more.
  virtual void mirror_holds(const std::string& migration, std::uint64_t messages) = 0;
  virtual void mirror_left(const std::string& migration) = 0;
  // What one with replay came to in the end; numbers that it does not tell are not counted.
  virtual void replayed(Strategy strategy, const MessagesStatus& messages) = 0;
};

}  // namespace migrate::controller
