// The throw-away copy of an application's Pod that check-app lets replay. Pure: a Pod's JSON in, another's out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "plugin/failure.h"

namespace migrate::plugin {

using Json = nlohmann::json;

struct AppCopy {
  std::string name;
  std::string control_queue;
  Json pod;
};

// A Pod `name` (at most 63 characters, as it is the host name too) like the given one, which begins anew: without the
// labels that Services and controllers select by, without owner, never restarted, and at its end after ten minutes in
// any case. Refused: a Pod whose volumes the copy would share, and one whose control queue does not depend on its name.
[[nodiscard]] Outcome<AppCopy> copy_of(const Json& pod, const std::string& name);

struct CopyState {
  enum class Kind { waiting, runs, ended };
  Kind kind = Kind::waiting;
  std::string why;  // for waiting and ended: what the kubelet or the scheduler says, as far as it says anything
};
[[nodiscard]] CopyState state_of(const Json& pod);
// Waiting for what does not come by itself: an image that is not to be had, a configuration that does not add up.
[[nodiscard]] bool is_hopeless(const CopyState& state);

}  // namespace migrate::plugin
