#include "plugin/argument_checks.h"

#include <fmt/format.h>

#include "plugin/broker_way.h"
#include "shared/migration/go_duration.h"

namespace migrate::plugin {
namespace {

// The commands that have it, as they are typed.
std::string homes(const Flag& flag) {
  Texts all;
  for (std::size_t i = 0; i < kVerbs; ++i)
    if (const auto verb = static_cast<Verb>(i); fits(flag, verb))
      all.push_back(command_words(verb) + (verb == Verb::migrate ? " POD" : ""));
  return joined(all);
}

// What is about a replay has no meaning where nothing is replayed, nor a cutoff that never comes.
void check_replay(const Typed& typed, const Options& options, Reader& reader) {
  for (const char* name : {"max-replay", "cutoff", "purge-primary"})
    if (options.strategy == Strategy::stop && typed.has(name))
      reader.fail(fmt::format("--{} does not belong to --strategy=stop, which replays nothing", name));
  const std::chrono::milliseconds timeout = options.timeout.value_or(MigrationSpec{}.timeout);
  if (options.cutoff && *options.cutoff >= timeout)
    reader.fail(fmt::format("--cutoff={}: by then the migration is rolled back (--timeout is {})",
                            to_go_duration(*options.cutoff), to_go_duration(timeout)));
}

void check_broker(const Typed& typed, const Options& options, Reader& reader) {
  const bool of_one_pod =
      options.verb == Verb::migrate || options.verb == Verb::check || options.verb == Verb::check_app;
  if (of_one_pod && options.broker_secrets.size() > 1)
    reader.fail(fmt::format("--broker-secret: {} takes one",
                            options.verb == Verb::migrate ? "a migration" : to_string(options.verb)));
  if (options.verb != Verb::check_app && options.verb != Verb::cleanup) return;
  for (const auto& [name, value] : {std::pair{"amqp-at", options.amqp_at}, {"management-at", options.management_at}})
    if (typed.has(name))
      if (const auto place = parse_place(value); !place)
        reader.fail(fmt::format("--{}={}", name, place.error().message));
  const std::string_view known = options.verb == Verb::check_app ? "touch-queue" : kUnknownMirrors;
  for (const std::string& word : options.accept)
    if (word != known) reader.fail(fmt::format("--accept={}: {} knows {} alone", word, to_string(options.verb), known));
}

void check_registry(const Typed& typed, const Options& options, Reader& reader) {
  if (!typed.has("registry")) return;
  if (!is_repository(options.registry))
    reader.fail(invalid("registry", options.registry,
                        "must be a repository such as registry.example.com:5000/checkpoints (no scheme, tag or "
                        "digest)"));
  if (options.transfer == TransferWay::direct) reader.fail("--registry and --transfer=direct exclude each other");
}

void check_namespaces(const Typed& typed, const Options& options, Reader& reader) {
  if (!options.all_namespaces) return;
  if (typed.has("namespace")) reader.fail("--namespace and --all-namespaces exclude each other");
  if (options.verb == Verb::support_bundle && !options.name.empty())
    reader.fail("--all-namespaces is for all Migrations; one has a namespace: -n NAMESPACE");
  if (options.verb == Verb::cleanup && typed.has("broker-secret"))
    reader.fail("--broker-secret needs --namespace: that is where the Secret is");
  if (options.verb != Verb::enable) return;
  for (const char* name : {"broker-secret", "registry-secret"})
    if (typed.has(name))
      reader.fail(fmt::format("--{} needs --namespace: Secrets are allowed one namespace at a time", name));
}

}  // namespace

void check_fit(const Typed& typed, Verb verb, Reader& reader) {
  for (const Flag& flag : all_flags())
    if (typed.has(flag.name) && !fits(flag, verb))
      reader.fail(fmt::format("unknown flag: --{}\nIt belongs to: {}", flag.name, homes(flag)));
}

void check_together(const Typed& typed, const Options& options, Reader& reader) {
  check_registry(typed, options, reader);
  check_replay(typed, options, reader);
  check_broker(typed, options, reader);
  check_namespaces(typed, options, reader);
  if (options.verb == Verb::resolve && options.resolution == Resolution::none)
    reader.fail("resolve needs --keep source or --keep target");
  if (options.verb == Verb::resume && options.resolution == Resolution::none)
    reader.fail("resume needs --from-checkpoint: it restores the archives once more");
  if (options.verb == Verb::self_test && !options.from.empty() && options.from == options.to)
    reader.fail(fmt::format("--from and --to are both {}: a migration is to another node", options.to));
  if (typed.has("file") && options.file.empty()) reader.fail("--file: a name is missing, or - for standard output");
  if (options.verb == Verb::drain && options.to == options.name)
    reader.fail(fmt::format("--to={0}: {0} is the node that is drained", options.to));
  // It is also the value of a label.
  if (options.migration_name.size() > 63) reader.fail("--name: at most 63 characters");
}

}  // namespace migrate::plugin
