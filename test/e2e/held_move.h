// A move that stands still at the door of a phase, so that something can be done around it meanwhile.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "test/e2e/phase_gate.h"
#include "test/e2e/scene.h"

namespace harness {

struct Door {
  const char* strategy;
  const char* phase;       // as in status.phase: it has not begun
  bool in_return = false;  // of the second hop, by which a live move comes back into its name
};

class HeldMove {
 public:
  // Begins to move the scene's consumer, and returns when it stands there.
  HeldMove(Scene& scene, const Door& door, std::string name);
  [[nodiscard]] const std::string& name() const { return name_; }

  // To its end, as the Migration.
  nlohmann::json let_go();
  // The same of one that succeeds: the scene's consumer is the target then and works, and nothing is left.
  void let_succeed();

 private:
  Scene& scene_;
  std::string name_;
  PhaseGate gate_;
  std::jthread shadows_;
};

}  // namespace harness
