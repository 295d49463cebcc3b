// Drives one migration as far as it goes: step, transition, record, again.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "extender/controller/signals.h"
#include "extender/controller/world.h"

namespace migrate::controller {

// Answers after how long it is to be taken up again, though nothing changed; nothing: not before its object changes.
// Begins with the object as it is at the API server now, never with what a watch said.
[[nodiscard]] std::optional<std::chrono::milliseconds> drive(World& world, Signals& signals,
                                                             const std::string& namespace_, const std::string& name);

}  // namespace migrate::controller
