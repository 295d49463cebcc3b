#include "shared/image/checkpoint_manifest.h"

#include <nlohmann/json.hpp>

#include "shared/image/digest.h"

namespace migrate::image {

using Json = nlohmann::json;

CheckpointManifest checkpoint_manifest(const std::string& container, const std::string& layer, Bytes size,
                                       const std::string& architecture) {
  CheckpointManifest made;
  made.config = Json{{"architecture", architecture},
                     {"os", "linux"},
                     {"config", Json::object()},
                     {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array({layer})}}}}
                    .dump();
  made.config_digest = sha256_of(made.config);
  const Json config{{"mediaType", kConfigType}, {"digest", made.config_digest}, {"size", made.config.size()}};
  const Json archive{{"mediaType", kTarLayerType}, {"digest", layer}, {"size", size.count}};
  Json manifest{
      {"schemaVersion", 2}, {"mediaType", kManifestType}, {"config", config}, {"layers", Json::array({archive})}};
  if (!container.empty())
    manifest["annotations"] = {{"org.criu.checkpoint.container.name", container},
                               {"io.kubernetes.cri-o.annotations.checkpoint.name", container}};
  made.manifest = manifest.dump();
  made.manifest_digest = sha256_of(made.manifest);
  return made;
}

}  // namespace migrate::image
