#include "plugin/version.h"

#include <fmt/format.h>

#include <ostream>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/json_path.h"
#include "plugin/output.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

// The tag of "registry:5000/kubectl-migrate/extender:0.1.0", without a digest; empty: none.
std::string tag_of(const std::string& image) {
  const std::string name = image.substr(0, image.find('@'));
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return "";
  return name.substr(colon + 1);
}

// The installed version by its Deployment; nothing when it is not installed.
Outcome<std::optional<std::string>> server_version(const Session& session) {
  const kube::ResourcePath path{.group = "apps",
                                .version = "v1",
                                .plural = "deployments",
                                .namespace_ = kSystemNamespace,
                                .name = kExtenderAccount,
                                .subresource = {}};
  const auto found = session.client.get(path);
  if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
  if (!*found) return std::optional<std::string>{};
  return std::optional{version_of(**found)};
}

}  // namespace

std::string version_of(const Json& deployment) {
  const std::string label = text_at(deployment, {"metadata", "labels", "app.kubernetes.io/version"});
  if (!label.empty()) return label;
  const std::string tag = tag_of(text_at(deployment, {"spec", "template", "spec", "containers", "0", "image"}));
  return tag.empty() ? "unknown" : tag;
}

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
