// A migration in doubt: how it is brought there, and what is said about it. What decides is each test's own.
#pragma once

#include <string>

#include "test/e2e/scene.h"

namespace harness {

// CRIU ends on the target's node, by a kill, before it has said anything: whether the memory ran is unknown. Returns
// what the waiting plugin said, with its exit code.
[[nodiscard]] migrate::Completed lose_criu(const Scene& scene, const std::string& migration);

// The same while that migration, in doubt already, is resumed from its checkpoint.
[[nodiscard]] migrate::Completed lose_criu_again(const Scene& scene, const std::string& migration);

// The restore of the container `side` fails on the target's node, after `main` has come to life there. The same.
[[nodiscard]] migrate::Completed spoil_side(const Scene& scene, const std::string& migration);

// The consumer, with a second container `side` that counts.
[[nodiscard]] nlohmann::json consumer_with_side(const Scene& scene, const std::string& node);

// Throws, with a report, unless the plugin said with exit code 6 what can be decided, the status says the same, and
// nothing but a decision is taken: no abort, and no decision that is none.
void check_doubt(const Scene& scene, const std::string& migration, const migrate::Completed& answer);

// `kubectl-migrate WORDS…`, which decides and must exit 0 with `said` in what it prints.
void decide(const Scene& scene, const std::string& migration, const Words& words, const std::string& said);

}  // namespace harness
