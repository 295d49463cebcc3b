#include "plugin/installed.h"

#include <nlohmann/json.hpp>

#include "plugin/json_path.h"
#include "plugin/of_group.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;

// The tag of "registry:5000/kubectl-migrate/extender:0.1.0", without a digest; empty: none.
std::string tag_of(const std::string& image) {
  const std::string name = image.substr(0, image.find('@'));
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return "";
  return name.substr(colon + 1);
}

}  // namespace

kube::ResourcePath extender_deployment() {
  return of_group("apps", "deployments", kSystemNamespace, kExtenderAccount);
}

std::string image_of(const Json& deployment) {
  const Json& containers = list_at(deployment, {"spec", "template", "spec", "containers"});
  return containers.empty() ? "" : text_at(containers.front(), {"image"});
}

std::string version_of(const Json& deployment) {
  const std::string label = text_at(deployment, {"metadata", "labels", "app.kubernetes.io/version"});
  if (!label.empty()) return label;
  const std::string tag = tag_of(image_of(deployment));
  return tag.empty() ? "unknown" : tag;
}

}  // namespace migrate::plugin
