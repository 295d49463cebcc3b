// Writes OCI images as image-layout archives ("oci-archive"), as `ctr images import`, skopeo and podman read them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/image/layer.h"

namespace migrate::image {

// The part of the OCI image configuration that says how a container of it runs.
struct RunConfig {
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;  // "NAME=value"
  std::string working_directory = "/";
  std::string user;
  std::map<std::string, std::string> labels;
};

struct ImageSpec {
  std::string name;  // full reference, as containerd keeps it: registry.test/orders:1
  std::vector<LayerSource> layers;
  Compression compression = Compression::none;
  RunConfig run;
  std::map<std::string, std::string> annotations;  // of the manifest
  std::string architecture = "amd64";
};

struct WrittenImage {
  std::string manifest_digest;
  std::string config_digest;  // what runtimes call the image ID
};

// Writes the archive. The same spec over the same files gives the same bytes. On failure `archive` is removed.
// Needs room for the layers twice for a moment: they are packed beside `archive` before they are copied into it.
[[nodiscard]] Result<WrittenImage> write_image(const ImageSpec& spec, const std::filesystem::path& archive);

// A checkpoint archive of the kubelet (uncompressed tar) as an image whose only layer it is. containerd up to 2.3 and
// CRI-O restore such an image when a container is created from it; each knows it by its own annotation, both are set.
// Its image ID is as unique as the archive, which containerd needs: it finds checkpoint images by their ID.
[[nodiscard]] ImageSpec checkpoint_image(const std::filesystem::path& checkpoint, const std::string& container,
                                         const std::string& name);

}  // namespace migrate::image
