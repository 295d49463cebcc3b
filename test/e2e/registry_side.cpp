#include "test/e2e/registry_side.h"

namespace harness {

// In place of one that is there; and the controller may read it.
using Json = nlohmann::json;

void make_registry_secret(const Scene& scene, const std::string& password) {
  const std::string ns = scene.stage().ns().name();
  Json config = Json::object();
  config["auths"]["registry.test:5000"] = {{"username", "pusher"}, {"password", password}};
  scene.cluster().apply({{"apiVersion", "v1"},
                         {"kind", "Secret"},
                         {"type", "kubernetes.io/dockerconfigjson"},
                         {"metadata", {{"name", kRegistrySecret}, {"namespace", ns}}},
                         {"stringData", {{".dockerconfigjson", config.dump()}}}});
  const auto enabled =
      scene.stage().plugin({"enable", "--broker-secret", kBrokerSecret, "--registry-secret", kRegistrySecret});
  scene.stage().require(enabled.succeeded(), "kubectl-migrate enable: " + text_of(enabled), "");
}

Words through_registry(Words words) {
  words.insert(words.end(), {"--registry", kRepository, "--registry-secret", kRegistrySecret});
  return words;
}

}  // namespace harness
