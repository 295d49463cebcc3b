#include <fmt/format.h>

#include <ostream>
#include <utility>

#include "plugin/commands.h"
#include "plugin/outcome.h"
#include "plugin/output.h"
#include "plugin/wait.h"
#include "plugin/watching.h"

namespace migrate::plugin {
namespace {

// Every version of it as a document of its own, until it is over; who reads that wants nothing else on stdout.
int stream_to_end(const Session& session, const Options& options, Seen last) {
  const kube::ResourcePath path = migrations(last.migration.namespace_, last.migration.name);
  const std::string uid = last.migration.uid;
  bool is_first = true;
  bool is_gone = false;
  bool is_printed = true;
  Failure trouble;
  const Show show = [&](std::vector<Sighting> sightings) {
    is_gone = sightings.empty();
    for (Sighting& sighting : sightings) {
      is_gone = sighting.kind == kube::ChangeKind::deleted || kube::metadata_of(sighting.object, "uid") != uid;
      if (is_gone) return false;
      auto now = seen(std::move(sighting.object));
      if (!now) trouble = now.error();
      if (!now) return false;
      if (options.output == Output::yaml && !std::exchange(is_first, false)) session.io.out.stream << "---\n";
      is_printed = print_object(session.io, options, now->object);
      last = std::move(*now);
    }
    return is_printed && !is_gone && !is_over(last.migration);
  };
  const int code = watch_objects(session, {path, "", ""}, show, options.timeout);
  const Migration& migration = last.migration;
  if (code == exit_code::kDetached) session.io.err.stream << detached(migration) << '\n' << std::flush;
  if (code == exit_code::kTimedOut && !is_over(migration)) return report(session.io, {timed_out(migration)});
  if (code != exit_code::kDone && code != exit_code::kTimedOut) return code;
  if (!trouble.message.empty()) return report(session.io, trouble);
  if (is_gone) return report(session.io, {deleted(migration)});
  if (!is_printed || migration.status.phase == Phase::succeeded)
    return is_printed ? exit_code::kDone : exit_code::kFailed;
  return report(session.io, {verdict(migration), exit_code_of(migration)});
}

}  // namespace

int run_status(const Session& session, const Options& options) {
  auto found = find_migration(session, options.name);
  if (!found) return report(session.io, found.error());
  if (options.watch && is_document(options.output)) return stream_to_end(session, options, std::move(*found));
  if (!options.wait || is_final(found->migration.status.phase)) return show_once(session, options, *found);
  return follow_to_end(session, options, std::move(*found), Phase::succeeded, options.timeout);
}

}  // namespace migrate::plugin
