// The world as the API server tells it, kept up to date by watches of Migrations and MigrationNodes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "extender/scheduling/world.h"
#include "shared/kube/client.h"
#include "shared/kube/watch.h"
#include "shared/log/log.h"

namespace migrate::scheduling {

// Client, pacer and log must outlive it.
class Cache {
 public:
  Cache(kube::Client& client, kube::Pacer& pacer, Log& log);
  ~Cache();  // ends the watches
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // Begins to watch, on two threads of its own.
  void start();
  // What exists has been told, of both kinds.
  [[nodiscard]] bool is_synced() const { return migrations_synced_ && nodes_synced_; }

  // `look(const World&)` while nothing changes: to be short. From any thread.
  template <class Look>
  [[nodiscard]] auto read(const Look& look) const {
    const std::shared_lock lock{mutex_};
    return look(world_);
  }

  // One change, as the watches tell it.
  void take_migration(kube::ChangeKind kind, const kube::Json& object, const std::stop_token& stop);
  void take_node(kube::ChangeKind kind, const kube::Json& object);

 private:
  class MigrationSink;
  class NodeSink;
  void follow(const kube::Selection& selection, kube::WatchSink& sink, const std::stop_token& stop);
  std::optional<NodeSet> select_nodes(const Migration& migration, const std::stop_token& stop);

  kube::Client& client_;
  kube::Pacer& pacer_;
  Log& log_;
  mutable std::shared_mutex mutex_;
  World world_;
  std::atomic<bool> migrations_synced_ = false;
  std::atomic<bool> nodes_synced_ = false;
  std::jthread migrations_;
  std::jthread nodes_;
};

}  // namespace migrate::scheduling
