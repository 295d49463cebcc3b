// What the target's agent remembers of a migration: which Pods it prepared, which archives it holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/agent_api/agent_api.h"

namespace migrate::agent {

// The archives as images in this node's registry.
struct StoredOffer {
  struct Image {
    std::string container;
    std::string layer;     // digest of images/CONTAINER.tar, which differs from the archive's by the host name
    std::string id;        // digest of its config
    std::string manifest;  // digest
    Bytes size = {};       // of the layer
    bool cold = false;     // restored; its reference is the real image by now
  };
  std::string repository;  // 32 hexadecimal digits; of a registry outside HOST[:PORT]/PATH
  std::string password;
  std::string host_name;
  bool asked = false;   // a layer was asked for: memory may run
  bool closed = false;  // cancelled: nothing is given away any more
  std::vector<Image> images;
  std::vector<std::string> pods;  // uids of those they are for
  bool is_external = false;       // in a registry outside, which this node's runtime pulls from by itself
};

struct StoredTarget {
  std::string name;               // the Migration's NAMESPACE/NAME
  std::vector<std::string> pods;  // uids; the last one is the newest
  std::vector<Archive> archives;  // pulled, whole
  std::string boot_id;            // of the pull: what was not synced may be broken after another boot
  std::optional<StoredOffer> offer = std::nullopt;
};

[[nodiscard]] std::string to_text(const StoredTarget& stored);
[[nodiscard]] Result<StoredTarget> parse_target(const std::string& text);

}  // namespace migrate::agent
