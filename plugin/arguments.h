// What was typed, as values. Pure: argv in, Options or a usage error out.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/drain_options.h"
#include "plugin/flags.h"
#include "shared/base/result.h"
#include "shared/kube/connection.h"
#include "shared/kube/object_name.h"
#include "shared/migration/migration.h"

namespace migrate::plugin {

struct Typed;

enum class DryRun { none, client, server };
// wide: the text with more columns.
enum class Output { text, wide, name, json, yaml, jsonpath };
// Something for programs to read, alone on standard output.
[[nodiscard]] constexpr bool is_document(Output output) {
  return output != Output::text && output != Output::wide;
}

// cleanup: the word of --accept by which mirrors go of which nobody here knows.
inline constexpr std::string_view kUnknownMirrors = "unknown-mirrors";

struct Options {
  Verb verb = Verb::migrate;
  std::optional<Verb> help_about;  // for help: a command's; unset: the whole
  // Of the Pod (migrate, check, check-app), the node (drain), the Migration, or the shell (completion); check,
  // support-bundle: may be empty.
  std::string name;
  kube::ConfigFlags connection;
  bool all_namespaces = false;
  unsigned verbosity = 0;  // from 6 on each request to the API server is told on stderr

  std::string from;  // self-test
  std::string to;    // also check, drain, self-test
  std::map<std::string, std::string> node_selector;
  bool keep_name = false;
  Strategy strategy = Strategy::automatic;
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  RestoreWay restore = RestoreWay::automatic;
  TransferWay transfer = TransferWay::direct;
  std::string registry;
  std::string registry_secret;
  std::string queue;
  std::vector<std::string> broker_secrets;  // migrate, check, check-app: at most one
  std::optional<std::chrono::milliseconds> max_replay;
  std::optional<std::chrono::milliseconds> cutoff;  // unset: computed
  bool purge_primary = false;
  std::set<std::string> given;  // of those that a Pod's annotations may stand for (pod_defaults.h), what was typed
  // drain: of the whole, status: for how long it is followed; unset: without limit.
  std::optional<std::chrono::milliseconds> timeout;
  // Promises that a strategy must be able to make, or the migration is refused.
  std::optional<std::chrono::milliseconds> gap_budget;
  std::optional<std::chrono::milliseconds> max_total;
  std::vector<std::string> accept;
  DryRun dry_run = DryRun::none;
  // check-app: for how long messages are collected, and where the broker's ports are, if they are given.
  std::chrono::milliseconds collect{10'000};
  std::string amqp_at;
  std::string management_at;
  std::string image;           // self-test: of the counter; empty: the controller's own. cleanup: of the agent
  std::string migration_name;  // empty: chosen from the Pod's name
  std::string file;            // support-bundle: where to; empty: chosen, "-": standard output
  std::string selector;        // list, drain (of Pods): labels, as the API server reads them
  DrainRules drain_rules;
  DrainLimits drain_limits;

  bool wait = true;
  bool watch = false;  // list, status: -w was typed
  Output output = Output::text;
  std::string jsonpath;  // its template, which has been read once already
  Resolution resolution = Resolution::none;
};

// The error's message is as kubectl says it, without "error:", and ends with where to read on.
[[nodiscard]] Result<Options> parse(const std::vector<std::string>& arguments);

// Where the cluster is by the flags that were typed, whether or not they can be right.
[[nodiscard]] kube::ConfigFlags connection_of(const Typed& typed);

// HOST[:PORT]/PATH of a registry's repository, without scheme, tag and digest.
[[nodiscard]] bool is_repository(const std::string& text);

using kube::is_object_name;

}  // namespace migrate::plugin
