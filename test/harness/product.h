// The product on the test cluster: put there as users do, and its plugin as users call it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "test/harness/cluster.h"

namespace harness {

// `cluster install`: from this build's programs, with the manifests of this source. Returns when every node's agent has
// reported and the controller answers. Cheap when nothing has changed; does it once in this process.
void install_product(const Cluster& cluster);

// Runs `kubectl-migrate WORDS…` to its end, whatever its exit code. With a user, as that one (--as).
[[nodiscard]] migrate::Completed migrate_command(const Cluster& cluster, const Words& words,
                                                 const std::optional<std::string>& user = std::nullopt);

// `kubectl migrate enable -n NAMESPACE`; it must succeed.
void enable_migrations(const Cluster& cluster, const Namespace& ns);

// A Migration of a Pod that is there, as its author writes it: kind, name, spec.pod. For what is not the plugin's to
// ask for.
[[nodiscard]] nlohmann::json migration_object(const Cluster& cluster, const std::string& ns, const std::string& pod,
                                              const std::string& name);

}  // namespace harness
