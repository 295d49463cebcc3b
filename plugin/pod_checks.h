// The groups `namespace` and `pod` of a check: what the user and the controller may do there, and what the controller
// says of one Pod.
#pragma once

#include <string>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/check_list.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

// The Pod that a check is about, and what would be asked for: the flags and, where those are not typed, its
// annotations.
struct Subject {
  Outcome<Json> pod;
  Outcome<Options> asked;
};
[[nodiscard]] Subject subject_of(const Session& session, const Options& options);

// `options` as they would be asked for. False: it is known that the user may not begin a migration, nor ask for a dry
// run.
[[nodiscard]] bool check_namespace(const Session& session, const Options& options, CheckList& checks);

// Asks the controller by a dry run. An error: the user wants to go.
[[nodiscard]] Outcome<void> check_pod(const Session& session, const Options& options, const Subject& subject,
                                      CheckList& checks);

// The queue and the broker's Secret that a migration would use; empty: none.
struct NamedQueue {
  std::string queue;
  std::string secret;
  [[nodiscard]] bool is_named() const { return !queue.empty() && !secret.empty(); }
};
[[nodiscard]] NamedQueue queue_of(const Options& options, const nlohmann::json& pod);

// What the controller's answer to a dry run says, line by line; the last one is the forecast. Pure.
[[nodiscard]] std::vector<Check> pod_checks(const Migration& answer, const NamedQueue& queue);

}  // namespace migrate::plugin
