// Objects on stdout as -o asks for them.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "plugin/arguments.h"

namespace migrate::plugin {

// Not for Output::text. An object's managedFields are left out, as kubectl does. Of a list, `name` prints each item.
void print_object(std::ostream& stream, Output output, const nlohmann::json& object);

}  // namespace migrate::plugin
