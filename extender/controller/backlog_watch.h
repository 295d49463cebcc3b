// How the mirror stands, read at least every 200 ms from its binding until it is removed, whatever a phase is waiting
// for: a checkpoint, a transfer, a shadow, the API server.
#pragma once

#include <memory>
#include <vector>

#include "extender/controller/ticker.h"
#include "shared/migration/migration.h"

namespace migrate::controller {

class Hop;

// Reads in the background, over a connection of its own. What hinders it is for the phases to find, which ask the
// broker themselves.
class BacklogWatch {
 public:
  BacklogWatch() = default;
  ~BacklogWatch();
  BacklogWatch(const BacklogWatch&) = delete;
  BacklogWatch& operator=(const BacklogWatch&) = delete;

  // From now on, if it does not already.
  void begin(Hop& hop);
  // No reading counts any more, and none is waited for.
  void end();
  // What was read since the last time, in order of time.
  [[nodiscard]] std::vector<BacklogPoint> take();
  // Whether the mirror has held less at one reading than at the one before: somebody has read it, or it has lost some.
  [[nodiscard]] bool has_shrunk() const;

 private:
  struct Reader;
  std::shared_ptr<Reader> reader_;
  std::unique_ptr<Ticking> ticking_;
};

// Watches while there is, or may be, a mirror.
void watch_backlog(Hop& hop, Phase phase);
// Puts what was read in the background into the record.
void note_watched(Hop& hop);
// The same, and how the mirror stands by a reading of the phase's own.
void note_backlog(Hop& hop, std::uint64_t ready);

}  // namespace migrate::controller
