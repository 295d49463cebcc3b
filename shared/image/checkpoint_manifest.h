// A container's checkpoint archive as an OCI image, without making one: the archive, an uncompressed tar, is the
// image's only layer byte for byte, so config and manifest follow from its digest and size alone. Pure; memory is a few
// hundred bytes whatever the archive's size.
#pragma once

#include <string>

#include "shared/base/units.h"

namespace migrate::image {

inline constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* kTarLayerType = "application/vnd.oci.image.layer.v1.tar";

struct CheckpointManifest {
  std::string config;  // JSON, as it is served
  std::string config_digest;
  std::string manifest;
  std::string manifest_digest;
};

// `layer` is the archive's digest ("sha256:…"), `architecture` the node's as OCI names it ("amd64"). The config is as
// unique as the archive: containerd finds checkpoint images by its digest. The manifest has the annotations by which
// containerd and CRI-O know a checkpoint; without a container's name it is an image of one layer, and no checkpoint.
[[nodiscard]] CheckpointManifest checkpoint_manifest(const std::string& container, const std::string& layer, Bytes size,
                                                     const std::string& architecture);

}  // namespace migrate::image
