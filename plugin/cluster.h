// Migrations as commands look for them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plugin/failure.h"
#include "plugin/io.h"
#include "shared/migration/migration.h"

namespace migrate::plugin {

using Json = nlohmann::json;

// As read: the object for printing, its meaning for everything else.
struct Seen {
  Json object;
  Migration migration;
};

[[nodiscard]] kube::ResourcePath migrations(const std::string& namespace_, const std::string& name = "");
[[nodiscard]] kube::ResourcePath migration_nodes();
// With kind and version, which the server leaves out of a list's items.
[[nodiscard]] Outcome<Seen> seen(Json object);
// One that cannot be understood is told on stderr and left out.
[[nodiscard]] std::vector<Seen> understood(const Session& session, std::vector<Json> objects);
// Fails when there is none, with the names that may have been meant.
[[nodiscard]] Outcome<Seen> find_migration(const Session& session, const std::string& name);
// Those of them that can be understood; of one namespace, or (empty) of all.
[[nodiscard]] Outcome<std::vector<Seen>> list_migrations(const Session& session, const std::string& namespace_,
                                                         const std::string& label_selector = "");
// A merge patch of the spec that may be carried out twice: repeated when the connection broke under it.
[[nodiscard]] Outcome<Seen> patch_spec(const Session& session, const Migration& migration, const Json& spec);

// As kubectl tells errors (see told()), on stderr; answers the exit code.
int report(const Io& io, const Failure& failure);

}  // namespace migrate::plugin
