#include "plugin/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string_view>

#include "plugin/commands.h"
#include "plugin/interrupt.h"
#include "plugin/output.h"
#include "plugin/plan_text.h"
#include "plugin/pod_defaults.h"
#include "plugin/preflight.h"
#include "plugin/progress.h"
#include "plugin/trial.h"
#include "plugin/wait.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/pod_patch.h"

namespace migrate::plugin {
namespace {

constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";  // no vowels: no words
constexpr std::size_t kSuffix = 5;

std::string without_migration_suffix(const std::string& pod) {
  constexpr std::string_view kMark = "-mig-";
  const std::size_t length = kMark.size() + kSuffix;
  if (pod.size() <= length || pod.compare(pod.size() - length, kMark.size(), kMark) != 0) return pod;
  return pod.substr(0, pod.size() - length);
}

}  // namespace

Outcome<Json> create_migration(const Session& session, const Options& options, const std::string& pod_uid) {
  constexpr int kTries = 5;
  for (int attempt = 1;; ++attempt) {
    const std::string name = options.migration_name.empty()
                                 ? chosen_name(options.name, [&] { return session.io.pacer.random(); })
                                 : options.migration_name;
    const Json object = to_json(asked_for(options, session.namespace_, pod_uid, name));
    if (options.dry_run == DryRun::client) return object;
    auto made = session.client.create(migrations(session.namespace_), object);
    if (made) return std::move(*made);
    if (made.error().kind == kube::ApiError::Kind::already_exists) {
      if (options.migration_name.empty() && attempt < kTries) continue;
      return fail(
          fmt::format("create Migration {0}/{1}: there is one of that name already\n"
                      "kubectl migrate status {1} -n {0} shows it; choose another --name, or none",
                      session.namespace_, name));
    }
    Failure failure = explain(made.error(), "create", migrations(session.namespace_, name));
    if (made.error().may_have_run)
      failure.message += fmt::format("\nkubectl migrate status {} -n {} tells", name, session.namespace_);
    return tl::make_unexpected(std::move(failure));
  }
}

namespace {

int announce(const Session& session, const Options& options, const Json& made) {
  std::ostream& stream = session.io.out.stream;
  if (is_document(options.output))
    return print_object(session.io, options, made) ? exit_code::kDone : exit_code::kFailed;
  if (options.dry_run == DryRun::client) {
    print_object(stream, Output::yaml, made);
    return exit_code::kDone;
  }
  stream << fmt::format("migration.kubectl-migrate.dev/{} created\n", kube::metadata_of(made, "name"));
  stream.flush();
  return exit_code::kDone;
}

// Of several objects kubectl prints a document each. Programs that read JSON get the Migration alone, as ever.
bool print_planned(const Io& io, const Options& options, const Seen& answer, const Json& pod) {
  const auto& plan = answer.migration.status.plan;
  if (options.output != Output::yaml || !plan || plan->target.empty()) return print_object(io, options, answer.object);
  Json migration = answer.object;
  migration["status"]["plan"].erase("target");
  const auto target = patched_target(pod, plan->target);
  if (!print_object(io, options, migration)) return false;
  if (!target) {
    io.err.stream << "warning: the Pod was changed meanwhile, so its target is not shown\n";
    return true;
  }
  io.out.stream << "---\n";
  return print_object(io, options, *target);
}

// The controller says all that speaks against it at once, so nothing but the Pod is looked at here.
int run_server_dry_run(const Session& session, const Options& options) {
  const Io& io = session.io;
  const auto pod = named_pod(session, options.name);
  if (!pod) return report(io, pod.error());
  const auto answer = try_migration(session, options, *pod);
  if (!answer) return report(io, answer.error());
  const Phase phase = answer->migration.status.phase;
  if (is_document(options.output)) {
    if (!print_planned(io, options, *answer, *pod)) return exit_code::kFailed;
  } else {
    for (const std::string& line : plan_lines(answer->migration, style_of(io, io.out).width))
      io.out.stream << line << '\n';
    if (phase == Phase::planned && io.out.is_live) io.out.stream << "\nThe same without --dry-run begins it.\n";
  }
  io.out.stream.flush();
  if (phase == Phase::planned) return exit_code::kDone;
  return report(io,
                {against_text(answer->migration), phase == Phase::refused ? exit_code::kRefused : exit_code::kFailed});
}

}  // namespace

std::string chosen_name(const std::string& pod, const std::function<double()>& random) {
  constexpr std::size_t kLongest = 63;
  std::string name = without_migration_suffix(pod).substr(0, kLongest - 1 - kSuffix);
  while (!name.empty() && (name.back() == '-' || name.back() == '.'))
    name.pop_back();
  name += '-';
  for (std::size_t i = 0; i < kSuffix; ++i) {
    const auto at = static_cast<std::size_t>(random() * static_cast<double>(kLetters.size()));
    name += kLetters[std::min(at, kLetters.size() - 1)];
  }
  return name;
}

Migration asked_for(const Options& options, const std::string& namespace_, const std::string& pod_uid,
                    const std::string& name) {
  Migration migration;
  migration.namespace_ = namespace_;
  migration.name = name;
  MigrationSpec& spec = migration.spec;
  spec.pod = options.name;
  spec.pod_uid = pod_uid;
  spec.target_node = options.to;
  spec.target_selector = options.node_selector;
  spec.strategy = options.strategy;
  spec.checkpoint = options.checkpoint;
  spec.restore = options.restore;
  spec.transfer = options.transfer;
  spec.registry = options.registry;
  spec.registry_secret = options.registry_secret;
  spec.keep_name = options.keep_name;
  spec.queue = options.queue;
  if (!options.broker_secrets.empty()) spec.broker_secret = options.broker_secrets.front();
  if (options.max_replay) spec.max_replay = *options.max_replay;
  spec.cutoff = options.cutoff;
  spec.purge_primary = options.purge_primary;
  spec.accept = options.accept;
  spec.gap_budget = options.gap_budget;
  spec.max_total = options.max_total;
  if (options.timeout) spec.timeout = *options.timeout;
  return migration;
}

int run_migrate(const Session& session, const Options& options) {
  if (options.dry_run == DryRun::server) return run_server_dry_run(session, options);
  const auto pod = look_before(session, options);
  if (!pod) return report(session.io, pod.error());
  const auto whole = with_pod_defaults(options, *pod);
  if (!whole) return report(session.io, whole.error());
  // From before it is made: whoever interrupts right then is told its name, as it goes on.
  const Interrupts interrupts;
  auto made = create_migration(session, *whole, kube::metadata_of(*pod, "uid"));
  if (!made) return report(session.io, made.error());
  if (options.dry_run != DryRun::none || !options.wait) return announce(session, options, *made);
  auto first = seen(std::move(*made));
  if (!first) return report(session.io, first.error());
  return follow_to_end(session, options, std::move(*first));
}

}  // namespace migrate::plugin
