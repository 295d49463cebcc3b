// What a drain looks up in what it has seen. Pure; the pointers are into the look, nullptr: there is none.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "plugin/drain_look.h"

namespace migrate::plugin {

// The Migration of that Pod that is not over, or waits for a person.
[[nodiscard]] const Migration* at_work_on(const DrainLook& look, const std::string& pod_uid);
// One that has failed behind its commit: nobody but a person knows where its memory is.
[[nodiscard]] const Migration* failed_on(const DrainLook& look, const std::string& pod_uid);
[[nodiscard]] const Migration* migration_by_uid(const DrainLook& look, const std::string& uid);
// The second hop that `first` waits for, when nothing more comes of it without a person.
[[nodiscard]] const Migration* stuck_hop_of(const DrainLook& look, const Migration& first);
// The Migration at work whose target, or whose place for one, the Pod is.
[[nodiscard]] const Migration* towards(const DrainLook& look, const DrainPod& pod);
// By a budget's title, how many of its Pods may be away from now on.
[[nodiscard]] std::map<std::string, std::size_t> all_allowed(const DrainLook& look);

}  // namespace migrate::plugin
