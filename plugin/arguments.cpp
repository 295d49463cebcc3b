#include "plugin/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/argument_checks.h"
#include "plugin/command_word.h"
#include "plugin/jsonpath.h"
#include "plugin/pod_word.h"
#include "shared/migration/go_duration.h"

namespace migrate::plugin {
namespace {

void read_connection(const Typed& typed, Reader& reader, kube::ConfigFlags& flags) {
  reader.text(flags.kubeconfig, "kubeconfig");
  reader.text(flags.context, "context");
  reader.text(flags.cluster, "cluster");
  reader.text(flags.user, "user");
  reader.object_name(flags.namespace_, "namespace");
  reader.text(flags.server, "server");
  reader.text(flags.tls_server_name, "tls-server-name");
  reader.take(flags.insecure_skip_tls_verify, toggle(typed, "insecure-skip-tls-verify"));
  reader.text(flags.certificate_authority, "certificate-authority");
  reader.text(flags.client_certificate, "client-certificate");
  reader.text(flags.client_key, "client-key");
  reader.text(flags.token, "token");
  reader.text(flags.as, "as");
  reader.text(flags.as_uid, "as-uid");
  flags.as_group = typed.values("as-group");
  flags.as_user_extra = typed.values("as-user-extra");
}

void read_travel(const Typed& typed, Reader& reader, Options& options) {
  reader.take(options.checkpoint, choice<CheckpointBackend>(typed, "checkpoint", CheckpointBackend::automatic,
                                                            {{"auto", CheckpointBackend::automatic},
                                                             {"kubelet", CheckpointBackend::kubelet},
                                                             {"direct", CheckpointBackend::direct}}));
  reader.take(options.restore,
              choice<RestoreWay>(
                  typed, "restore", RestoreWay::automatic,
                  {{"auto", RestoreWay::automatic}, {"runtime", RestoreWay::runtime}, {"image", RestoreWay::image}}));
  // A repository is a way, too.
  const TransferWay way = typed.has("registry") ? TransferWay::registry : TransferWay::direct;
  reader.take(options.transfer,
              choice<TransferWay>(typed, "transfer", way,
                                  {{"direct", TransferWay::direct}, {"registry", TransferWay::registry}}));
  reader.text(options.registry, "registry");
  reader.object_name(options.registry_secret, "registry-secret");
}

void read_replay(const Typed& typed, Reader& reader, Options& options) {
  reader.text(options.queue, "queue");
  reader.take(options.broker_secrets, listed(typed, "broker-secret"));
  reader.take(options.max_replay, span(typed, "max-replay"));
  if (const std::string* value = typed.value("cutoff"); value != nullptr && *value != "auto") {
    const auto parsed = parse_go_duration(*value);
    if (!parsed || parsed->count() == 0)
      reader.fail(invalid("cutoff", *value, "must be auto, or a duration such as 20s or 1m30s"));
    if (parsed) options.cutoff = *parsed;
  }
  reader.take(options.purge_primary, toggle(typed, "purge-primary"));
}

void read_dry_run(const Typed& typed, Reader& reader, Options& options) {
  const std::string* value = typed.value("dry-run");
  if (value == nullptr || *value == "none") return;
  if (*value == "client") options.dry_run = DryRun::client;
  if (*value == "server") options.dry_run = DryRun::server;
  if (options.dry_run == DryRun::none)
    reader.fail(fmt::format(R"(Invalid dry-run value ({}). Must be "none", "server", or "client".)", *value));
}

// As the --timeout=0s of kubectl's drain and rollout status.
bool is_endless(const Typed& typed, Verb verb) {
  const std::string* value = typed.value("timeout");
  if ((verb != Verb::drain && verb != Verb::status) || value == nullptr) return false;
  const auto parsed = parse_go_duration(*value);
  return parsed && parsed->count() == 0;
}

void read_start(const Typed& typed, Reader& reader, Options& options) {
  for (const char* name : {"max-replay", "cutoff", "restore", "transfer", "registry", "registry-secret"})
    if (typed.has(name)) options.given.insert(name);
  reader.object_name(options.from, "from");
  reader.object_name(options.to, "to");
  reader.take(options.node_selector, equalities(typed, "node-selector"));
  reader.take(options.keep_name, toggle(typed, "keep-name", options.verb == Verb::drain));
  reader.take(options.strategy, choice<Strategy>(typed, "strategy", Strategy::automatic,
                                                 {{"auto", Strategy::automatic},
                                                  {"live", Strategy::live},
                                                  {"sequential", Strategy::sequential},
                                                  {"stop", Strategy::stop}}));
  reader.take(options.accept, listed(typed, "accept"));
  reader.object_name(options.migration_name, "name");
  if (!is_endless(typed, options.verb)) reader.take(options.timeout, span(typed, "timeout"));
  reader.take(options.gap_budget, span(typed, "gap-budget"));
  reader.take(options.max_total, span(typed, "max-total"));
  read_dry_run(typed, reader, options);
}

void read_tests(const Typed& typed, Reader& reader, Options& options) {
  std::optional<std::chrono::milliseconds> collect;
  reader.take(collect, span(typed, "for"));
  if (collect) options.collect = *collect;
  reader.text(options.amqp_at, "amqp-at");
  reader.text(options.management_at, "management-at");
  reader.text(options.image, "image");
  reader.text(options.file, "file");
}

void read_drain(const Typed& typed, Reader& reader, Options& options) {
  constexpr unsigned kMost = 100;
  const auto take = [&](std::size_t& into, const char* name) {
    auto number = static_cast<unsigned>(into);
    reader.take(number, whole_number(typed, name, number, 1, kMost));
    into = number;
  };
  take(options.drain_limits.parallel, "parallel");
  take(options.drain_limits.per_target, "parallel-per-target");
  reader.take(options.drain_rules.evict, toggle(typed, "evict"));
  reader.take(options.drain_rules.force, toggle(typed, "force"));
  reader.take(options.drain_rules.ignore_daemonsets, toggle(typed, "ignore-daemonsets"));
  reader.take(options.drain_rules.delete_emptydir_data, toggle(typed, "delete-emptydir-data"));
}

// For status, -w is what it does by itself: --watch=false is --no-wait.
void read_wait(const Typed& typed, Reader& reader, Options& options) {
  bool no_wait = false;
  reader.take(options.wait, toggle(typed, "wait", true));
  reader.take(no_wait, toggle(typed, "no-wait"));
  reader.take(options.watch, toggle(typed, "watch"));
  if (no_wait && typed.has("wait") && options.wait) reader.fail("--wait and --no-wait exclude each other");
  if ((no_wait || !options.wait) && options.watch) reader.fail("--watch and --no-wait exclude each other");
  if (no_wait || (options.verb == Verb::status && typed.has("watch") && !options.watch)) options.wait = false;
  if (options.verb == Verb::status && !options.wait && options.timeout)
    reader.fail("--timeout is for how long it is followed: it excludes --no-wait");
}

void read_output(const Typed& typed, Reader& reader, Options& options) {
  const std::string* value = typed.value("output");
  if (value == nullptr) return;
  const std::size_t equals = value->find('=');
  const std::string word = value->substr(0, equals);
  const Texts formats(formats_of(options.verb).begin(), formats_of(options.verb).end());
  const bool has_template = word == "jsonpath" && equals != std::string::npos;
  if (std::find(formats.begin(), formats.end(), has_template ? word : *value) == formats.end())
    return reader.fail(
        fmt::format("unable to match a printer suitable for the output format \"{}\", allowed formats are: {}{}",
                    *value, joined(formats, ","), near_hint(*value, formats)));
  if (word == "json") options.output = Output::json;
  if (word == "name") options.output = Output::name;
  if (word == "wide") options.output = Output::wide;
  if (word == "yaml") options.output = Output::yaml;
  if (word != "jsonpath") return;
  options.output = Output::jsonpath;
  if (has_template) options.jsonpath = value->substr(equals + 1);
  if (options.jsonpath.empty()) return reader.fail("template format specified but no template given");
  if (const auto good = check_jsonpath(options.jsonpath); !good)
    reader.fail(fmt::format("error parsing jsonpath {}, {}", options.jsonpath, good.error().message));
}

void read_resolution(const Typed& typed, Reader& reader, Options& options) {
  reader.take(options.resolution,
              choice<Resolution>(typed, "keep", Resolution::none,
                                 {{"source", Resolution::keep_source}, {"target", Resolution::keep_target}}));
  bool from_checkpoint = false;
  reader.take(from_checkpoint, toggle(typed, "from-checkpoint"));
  if (from_checkpoint) options.resolution = Resolution::from_checkpoint;
}

void read_flags(const Typed& typed, Reader& reader, Options& options) {
  read_connection(typed, reader, options.connection);
  reader.take(options.verbosity, whole_number(typed, "v", 0, 0, 10));
  read_start(typed, reader, options);
  read_travel(typed, reader, options);
  read_replay(typed, reader, options);
  read_tests(typed, reader, options);
  read_drain(typed, reader, options);
  read_wait(typed, reader, options);
  reader.text(options.selector, "selector");
  reader.take(options.all_namespaces, toggle(typed, "all-namespaces"));
  read_output(typed, reader, options);
  read_resolution(typed, reader, options);
}

std::string too_many(Verb verb, const Texts& words) {
  if (verb == Verb::migrate && !commands_like(words.front()).empty()) return unknown_command(words.front());
  if (verb == Verb::migrate)
    return fmt::format("one Pod at a time: {} words were given ({})", words.size(), joined(words, " "));
  return fmt::format("{} takes {}, not \"{}\"", to_string(verb),
                     taken_by(verb) == Takes::nothing ? "no name" : "one name", joined(words, " "));
}

std::string missing(Verb verb) {
  if (verb == Verb::migrate) return "which Pod? kubectl migrate POD [--to NODE]; kubectl migrate --help shows all";
  if (taken_by(verb) == Takes::pod) return fmt::format("which Pod? {} POD", command_words(verb));
  if (taken_by(verb) == Takes::shell)
    return fmt::format("which shell? {} ({})", command_words(verb), joined({kShells.begin(), kShells.end()}, " | "));
  if (taken_by(verb) == Takes::node)
    return fmt::format("which node? {} NODE; kubectl get nodes shows them", command_words(verb));
  return fmt::format("which Migration? {} NAME; kubectl migrate list shows them", command_words(verb));
}

Result<std::string> shell_named(const std::string& word) {
  const Texts known(kShells.begin(), kShells.end());
  if (std::find(known.begin(), known.end(), word) != known.end()) return word;
  return failure(
      fmt::format("{}: there is no completion for it, only for {}{}", word, joined(known), near_hint(word, known)));
}

void read_name(const Texts& names, const Typed& typed, Reader& reader, Options& options) {
  const Takes takes = taken_by(options.verb);
  if (names.size() > (takes == Takes::nothing ? 0U : 1U)) return reader.fail(too_many(options.verb, names));
  const bool may_be_none = takes == Takes::nothing || takes == Takes::maybe_pod || takes == Takes::maybe_migration;
  if (names.empty() && !may_be_none) return reader.fail(missing(options.verb));
  if (names.empty() && typed.has("ordinal")) return reader.fail("--ordinal belongs to sts/NAME");
  if (names.empty()) return;
  if (takes == Takes::shell) return reader.take(options.name, shell_named(names.front()));
  if (takes == Takes::node) return reader.take(options.name, node_named(names.front()));
  const bool is_migration = takes == Takes::migration || takes == Takes::maybe_migration;
  reader.take(options.name,
              is_migration ? migration_named(names.front()) : pod_named(names.front(), typed.value("ordinal")));
}

void read_help(const Texts& words, Reader& reader, Options& options) {
  options.verb = Verb::help;
  if (words.empty()) return;
  options.help_about = verb_from(words.front());
  if (!options.help_about) reader.fail(unknown_command(words.front()));
}

// `cleanup --dry-run` needs no value: there is one way not to clean up.
Texts spelled_out(Texts arguments, Verb verb) {
  if (verb != Verb::cleanup) return arguments;
  const auto is_value = [](const std::string& word) { return word == "none" || word == "client" || word == "server"; };
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i] == "--dry-run" && (i + 1 == arguments.size() || !is_value(arguments[i + 1])))
      arguments[i] = "--dry-run=server";
  return arguments;
}

// kubectl's two endings of such errors.
tl::unexpected<Error> wrong_flag(const Error& error, Verb verb) {
  return failure(fmt::format("{}\nSee '{} --help' for usage.", error.message, command_words(verb)));
}
tl::unexpected<Error> wrong_usage(const Error& error, Verb verb) {
  return failure(fmt::format("{}\nSee '{} -h' for help and examples", error.message, command_words(verb)));
}

}  // namespace

kube::ConfigFlags connection_of(const Typed& typed) {
  kube::ConfigFlags flags;
  Reader reader{typed};
  read_connection(typed, reader, flags);
  return flags;
}

Result<Options> parse(const std::vector<std::string>& arguments) {
  const auto said = std::find_if(arguments.begin(), arguments.end(), verb_from);
  const Verb meant = said != arguments.end() ? *verb_from(*said) : Verb::migrate;
  const auto typed = split(spelled_out(arguments, meant));
  if (!typed) return wrong_flag(typed.error(), meant);
  Options options;
  Reader reader{*typed};
  const auto verb = typed->words.empty() ? std::nullopt : verb_from(typed->words.front());
  options.verb = verb.value_or(Verb::migrate);
  const Texts names(typed->words.begin() + (verb ? 1 : 0), typed->words.end());

  bool help = false;
  reader.take(help, toggle(*typed, "help"));
  if (help && options.verb != Verb::help) {
    options.help_about = verb;
    options.verb = Verb::help;
    return options;
  }
  if (options.verb == Verb::help) {
    read_help(names, reader, options);
    if (reader.error()) return wrong_usage(*reader.error(), Verb::migrate);
    return options;
  }
  check_fit(*typed, options.verb, reader);
  read_flags(*typed, reader, options);
  if (reader.error()) return wrong_flag(*reader.error(), options.verb);
  read_name(names, *typed, reader, options);
  check_together(*typed, options, reader);
  if (reader.error()) return wrong_usage(*reader.error(), options.verb);
  return options;
}

}  // namespace migrate::plugin
