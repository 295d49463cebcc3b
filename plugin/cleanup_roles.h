// What a Pod that was restored is now, by itself and by what agents tell of its source. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plugin/cleanup_finds.h"

namespace migrate::plugin {

// The uid of the Migration that a target or a placeholder is for; empty: it is none of ours.
[[nodiscard]] std::string restored_for(const nlohmann::json& pod);
// Of one that an earlier run has settled.
[[nodiscard]] std::string settled_for(const nlohmann::json& pod);

// Whether any of its containers has, as far as its kubelet has told.
[[nodiscard]] bool has_run_at_all(const nlohmann::json& pod);

enum class Source {
  works,      // as its agent has just told: nothing of it is committed
  committed,  // however long ago that was told
  unheard,    // nobody has a record, and every agent has been heard: nothing is committed
  unclear,    // frozen, which it is for milliseconds; not to be read; or an agent is silent
};
[[nodiscard]] Source source_of(const Inventory& seen, const std::string& migration);

enum class Role {
  nothing,      // its memory never came to life
  application,  // it is what works now
  copy,         // beside a source that works
  unknown,      // it or its source; or the only way back to a memory that was committed
};
// By the rule that nothing of `stop` and `sequential` runs before the commit; of `live` the shadow does, and the record
// of its source's agent tells. One that has not run, as far as its kubelet has said, may be what a committed memory
// waits for.
[[nodiscard]] Role role_of(const Inventory& seen, const nlohmann::json& pod);

// What works now for a Migration that is gone: its uid; empty: none.
[[nodiscard]] std::string application_for(const Inventory& seen, const nlohmann::json& pod);

}  // namespace migrate::plugin
