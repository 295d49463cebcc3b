// abort, resolve, resume: what a person decides about a migration under way.
#include <fmt/format.h>

#include <ostream>

#include "plugin/commands.h"
#include "plugin/outcome.h"
#include "plugin/output.h"
#include "plugin/wait.h"

namespace migrate::plugin {
namespace {

// Patches the spec, then follows what comes of it.
int decide(const Session& session, const Options& options, const Migration& migration, const Json& spec,
           const std::string& said, Phase wanted) {
  auto patched = patch_spec(session, migration, spec);
  if (!patched) return report(session.io, patched.error());
  if (options.wait) return follow_to_end(session, options.output, std::move(*patched), wanted);
  if (options.output != Output::text) {
    print_object(session.io.out.stream, options.output, patched->object);
  } else {
    session.io.out.stream << fmt::format("migration.kubectl-migrate.dev/{} {}\n", migration.name, said);
    session.io.out.stream.flush();
  }
  return exit_code::kDone;
}

}  // namespace

int run_abort(const Session& session, const Options& options) {
  const auto found = find_migration(session, options.name);
  if (!found) return report(session.io, found.error());
  const Migration& migration = found->migration;
  const Phase phase = migration.status.phase;
  if (phase == Phase::rolled_back || phase == Phase::refused)
    return show_once(session, options.output, *found, Phase::rolled_back);
  if (is_final(phase)) return report(session.io, {fmt::format("there is nothing to abort: {}", verdict(migration))});
  if (phase == Phase::in_doubt)
    return report(session.io,
                  {fmt::format("an abort does not decide this.\n{}", verdict(migration)), exit_code_of(migration)});
  if (is_after_commit(phase))
    return report(
        session.io,
        {fmt::format("Migration {}/{} is past its commit (phase {}): the source never runs again, it only "
                     "goes forward\nFollow it with: {}",
                     migration.namespace_, migration.name, to_string(phase), command_line("status", migration))});
  return decide(session, options, migration, {{"abort", true}}, "abort asked for", Phase::rolled_back);
}

int run_resolve(const Session& session, const Options& options) {
  const auto found = find_migration(session, options.name);
  if (!found) return report(session.io, found.error());
  const Migration& migration = found->migration;
  if (migration.status.phase != Phase::in_doubt)
    return report(session.io, {fmt::format("Migration {}/{} is not in doubt (phase {}): there is nothing to decide",
                                           migration.namespace_, migration.name, to_string(migration.status.phase))});
  if (options.resolution == Resolution::from_checkpoint && strategy_of(migration) == Strategy::live)
    return report(session.io, {fmt::format("the checkpoint of a live migration is not restored once more: what was "
                                           "replayed since then is in no archive.\n{}",
                                           verdict(migration)),
                               exit_code_of(migration)});
  const bool keeps_source = options.resolution == Resolution::keep_source;
  return decide(session, options, migration, {{"resolve", std::string(to_string(options.resolution))}},
                fmt::format("resolved: {}", to_string(options.resolution)),
                keeps_source ? Phase::rolled_back : Phase::succeeded);
}

}  // namespace migrate::plugin
