// The source's archives pushed to a registry, each as an image of one layer, and deleted from there again. A folder of
// parts becomes a tar stream on its way, so nothing is written to the disk for it. May be used from any thread.
//
// What lies in sources/MIGRATION beside the archives: pushed.json, written before a manifest is pushed, so that what
// may be in the registry can always be deleted; never credentials.
#pragma once

#include <string>
#include <vector>

#include "node/agent/archives.h"
#include "node/agent/registry_link.h"
#include "node/agent/turns.h"

namespace migrate::agent {

struct PushParts {
  Places places;
  ConnectRegistry connect;
};

class Pushes {
 public:
  Pushes(PushParts parts, Source& source, Archives& archives)
      : parts_(std::move(parts)), source_(source), archives_(archives) {}

  [[nodiscard]] AgentResult<void> check(const RegistryAccess& registry, const Call& call) const;
  [[nodiscard]] AgentResult<std::vector<PushedImage>> push(const Order& order, const PushOrder& push, const Call& call);
  [[nodiscard]] AgentResult<std::vector<std::string>> withdraw(const Order& order, const RegistryAccess& registry,
                                                               const Call& call);

 private:
  // One image that is, or may be, in a registry.
  struct Pushed {
    std::string repository;
    std::string archive;
    std::string digest;     // the archive's
    std::string host_name;  // put into its layer; empty: none
    registry::Blob layer;
    std::string config;
    std::string manifest;
  };
  [[nodiscard]] std::filesystem::path record_of(const std::string& migration) const;
  [[nodiscard]] AgentResult<std::vector<Pushed>> read(const std::string& migration) const;
  [[nodiscard]] AgentResult<void> write(const std::string& migration, const std::vector<Pushed>& all) const;
  [[nodiscard]] AgentResult<registry::Blob> push_layer(const Order& order, const PushOrder& push,
                                                       const Archive& archive,
                                                       const std::optional<registry::Blob>& known, const Call& call);

  PushParts parts_;
  Source& source_;
  Archives& archives_;
  Turns turns_;
};

}  // namespace migrate::agent
