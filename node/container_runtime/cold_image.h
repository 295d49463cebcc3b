// The image that a restored container starts from the next time: its real one under another config digest. Pure.
//
// Why not the real one itself: from 1.35 on a kubelet remembers by config digest which names an image was pulled under,
// and pulls again under any other. The checkpoint's registry serves nothing any more then, so the container would never
// start. An image with a digest that the kubelet has never seen is one that was there before, which it uses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace migrate::node {

// Of the manifests in an index the one for linux on `architecture` ("amd64"): its digest. Of what is a manifest itself:
// empty.
[[nodiscard]] Result<std::string> manifest_for(std::string_view index_or_manifest, std::string_view architecture);

// "config"'s digest of a manifest.
[[nodiscard]] Result<std::string> config_digest_of(std::string_view manifest);

struct ColdImage {
  std::string config;
  std::string config_digest;
  std::string manifest;
  std::string manifest_digest;
  std::string media_type;  // of the manifest
};
// The same layers and settings; the config has one label more, which says what it stands for. The same input gives the
// same image.
[[nodiscard]] Result<ColdImage> cold_image(std::string_view manifest, std::string_view config,
                                           std::string_view reference);

}  // namespace migrate::node
