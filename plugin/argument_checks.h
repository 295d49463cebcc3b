// What goes together on a command line. Pure.
#pragma once

#include "plugin/arguments.h"
#include "plugin/values.h"

namespace migrate::plugin {

// Whether the command has the flags that were typed.
void check_fit(const Typed& typed, Verb verb, Reader& reader);
// Whether values and flags are such that they can be obeyed together.
void check_together(const Typed& typed, const Options& options, Reader& reader);

}  // namespace migrate::plugin
