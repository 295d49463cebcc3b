// Checkpoints for this node's own container runtime: a read-only registry (OCI distribution specification) on the
// loopback. Every migration has a repository of its own, whose name and password nobody can guess, and only until its
// images were pulled once. Layers are sent from the disk: memory does not grow with them.
//
// Without the credentials of the repository that is asked for every request is a 401, whatever it asks: who does not
// know them learns nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "shared/http_server/server.h"

namespace migrate::agent {

inline constexpr const char* kRegistryUser = "kubectl-migrate";
// By address: a name may lead elsewhere. Runtimes speak plain HTTP with the loopback.
inline constexpr const char* kRegistryAddress = "127.0.0.1";

struct OfferedImage {
  std::string container;
  std::string manifest;  // JSON
  std::string manifest_digest;
  std::string config;  // JSON
  std::string config_digest;
  std::string layer_digest;
  std::filesystem::path layer;
};

struct Offer {
  std::string repository;
  std::string password;
  std::vector<OfferedImage> images;
};

// May be used from any thread.
class ImageRegistry {
 public:
  // Asked before a layer is sent; false: it must not be.
  using MayGive = std::function<bool(const std::string& migration, const std::string& repository)>;

  void ask_before(MayGive may_give);
  // In place of what this migration offered before.
  void open(const std::string& migration, Offer offer);
  void close(const std::string& migration);

  [[nodiscard]] http::Response answer(const http::Request& request);

 private:
  struct Entry {
    Offer offer;
    std::map<std::string, bool> given;  // by digest: whether it was sent once
  };
  void note_given(const std::string& migration, const std::string& repository, const std::string& digest);

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // by the Migration's uid
  MayGive may_give_;
};

// 32 hexadecimal digits that nobody can guess.
[[nodiscard]] std::string unguessable();

}  // namespace migrate::agent
