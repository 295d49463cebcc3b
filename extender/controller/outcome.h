// What a step came to, and how its parts report that they cannot go on.
#pragma once

#include <optional>
#include <string>

#include "extender/controller/phase_table.h"
#include "shared/base/result.h"

namespace migrate::controller {

struct Outcome {
  Event event = Event::done;
  std::string reason;                      // CamelCase; of anything but done
  std::string message;                     // for a person
  std::optional<milliseconds> pause = {};  // of `left`: until it is looked at again, instead of a second
};

// A part of a step: its value, or the outcome the whole step has.
template <class T>
using Attempt = Result<T, Outcome>;

[[nodiscard]] inline tl::unexpected<Outcome> give_up(Event event, std::string reason, std::string message) {
  return tl::make_unexpected(Outcome{event, std::move(reason), std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Outcome> leave(std::string message) {
  return give_up(Event::left, "Left", std::move(message));
}

}  // namespace migrate::controller
