#include "plugin/commands.h"
#include "plugin/wait.h"

namespace migrate::plugin {

int run_status(const Session& session, const Options& options) {
  auto found = find_migration(session, options.name);
  if (!found) return report(session.io, found.error());
  if (!options.wait || is_final(found->migration.status.phase)) return show_once(session, options.output, *found);
  return follow_to_end(session, options.output, std::move(*found));
}

}  // namespace migrate::plugin
