// The target's side of a hop: lays what migrate-runc waits for, fetches the archives, lets go, takes back. The marks
// are node/runtime/decision.h's. May be used from any thread.
//
// What lies in targets/MIGRATION: record.json; archives/NAME/, unpacked, until it is released into the state folder of
// a Pod (from where a later Pod's release takes it, if memory never ran there); volumes/NAME.tar.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "node/agent/marks.h"
#include "node/agent/places.h"
#include "node/agent/target_record.h"
#include "node/agent/turns.h"
#include "node/container_runtime/container_runtime.h"
#include "shared/base/host.h"
#include "shared/log/log.h"

namespace migrate::agent {

// The agent of `node` at "IP:PORT". Null: there is no certificate to show yet.
using ConnectPeer = std::function<std::shared_ptr<AgentApi>(const std::string& address, const std::string& node)>;

struct TargetParts {
  Places places;
  std::string boot_id;
  node::ContainerRuntime& runtime;
  const Clock& clock;
  Log& log;
  ConnectPeer connect;
};

class Target {
 public:
  explicit Target(TargetParts parts);  // reads what is on the disk

  [[nodiscard]] AgentResult<void> prepare(const Order& order, const PrepareOrder& prepare);
  [[nodiscard]] AgentResult<PullFacts> pull(const Order& order, const PullOrder& pull, const Call& call);
  [[nodiscard]] AgentResult<void> release(const Order& order, const ReleaseOrder& release);
  [[nodiscard]] AgentResult<std::vector<RestoredContainer>> states(const PodRef& pod,
                                                                   const std::vector<std::string>& containers,
                                                                   const std::vector<RestoreState>& known,
                                                                   const Call& call) const;
  [[nodiscard]] AgentResult<bool> cancel(const Order& order, const PodRef& pod, const Call& call);
  [[nodiscard]] AgentResult<void> clean_up(const Order& order);

  // Forgets marks of Pods that are gone from the node, and completes a mark that a full disk prevented.
  void tend();

 private:
  [[nodiscard]] StoredTarget known(const std::string& migration) const;
  [[nodiscard]] AgentResult<void> put(const std::string& migration, const StoredTarget& changed);
  [[nodiscard]] Marks marks_of(const std::string& pod_uid, const std::string& container) const;
  [[nodiscard]] std::vector<std::string> containers_of(const std::string& pod_uid) const;

  [[nodiscard]] AgentResult<Bytes> fetch(AgentApi& source, const Order& order, const Archive& archive,
                                         const Call& call) const;
  [[nodiscard]] bool has(const Order& order, const StoredTarget& stored, const Archive& archive) const;

  [[nodiscard]] AgentResult<void> may_release(const Order& order, const std::string& pod_uid,
                                              const std::string& container) const;
  [[nodiscard]] AgentResult<void> lay_archive(const Order& order, const StoredTarget& stored,
                                              const std::string& pod_uid, const std::string& container);
  [[nodiscard]] Result<void> lay_volume(const Order& order, const std::string& pod_uid, const std::string& volume);
  [[nodiscard]] AgentResult<bool> end_earlier(const std::string& pod_uid, const std::string& container) const;

  [[nodiscard]] Result<void> clean_pod(const std::string& pod_uid) const;
  [[nodiscard]] bool is_on_node(const std::string& pod_uid) const;

  TargetParts parts_;
  Turns turns_;
  mutable std::mutex mutex_;
  std::map<std::string, StoredTarget> records_;  // by the Migration's uid, as on the disk
};

}  // namespace migrate::agent
