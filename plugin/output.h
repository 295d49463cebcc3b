// Objects on stdout as -o asks for them.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plugin/arguments.h"
#include "plugin/io.h"

namespace migrate::plugin {

// Json, yaml and name. An object's managedFields are left out, as kubectl does. Of a list, `name` prints each item.
void print_object(std::ostream& stream, Output output, const nlohmann::json& object);

// Of documents (is_document), also by a jsonpath; nothing of others. False: the jsonpath does not fit the object, which
// was told on stderr.
bool print_object(const Io& io, const Options& options, const nlohmann::json& object);

// "migration.kubectl-migrate.dev/orders-x7k2p", by the object's own kind.
[[nodiscard]] std::string object_name(const nlohmann::json& object);

}  // namespace migrate::plugin
