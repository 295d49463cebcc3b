#include <fmt/format.h>

#include <ostream>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/installed.h"
#include "plugin/output.h"

namespace migrate::plugin {
namespace {

// The installed version by its Deployment; nothing when it is not installed.
Outcome<std::optional<std::string>> server_version(const Session& session) {
  const kube::ResourcePath path = extender_deployment();
  const auto found = session.client.get(path);
  if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
  if (!*found) return std::optional<std::string>{};
  return std::optional{version_of(**found)};
}

}  // namespace

int run_version(const Session& session, const Options& options) {
  const auto server = server_version(session);
  std::ostream& stream = session.io.out.stream;
  if (options.output == Output::text) {
    stream << "Plugin   " << MIGRATE_VERSION << '\n';
    if (server) stream << "Server   " << kube::printable(server->value_or("not installed")) << '\n';
  } else {
    Json versions = {{"plugin", MIGRATE_VERSION}};
    if (server) versions["server"] = *server ? Json(**server) : Json(nullptr);
    print_object(session.io, options, versions);
  }
  stream.flush();
  return server ? exit_code::kDone : report(session.io, server.error());
}

}  // namespace migrate::plugin
