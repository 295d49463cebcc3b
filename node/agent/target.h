// The target's side of a hop: lays what migrate-runc waits for, fetches the archives, lets go, takes back. The marks
// are node/runtime/decision.h's. May be used from any thread.
//
// What lies in targets/MIGRATION: record.json; archives/NAME/, unpacked, until it is released into the state folder of
// a Pod (from where a later Pod's release takes it, if memory never ran there); volumes/NAME.tar; images/NAME.tar,
// archives as they came, which this node's runtime pulls as images (image_registry.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "node/agent/image_registry.h"
#include "node/agent/marks.h"
#include "node/agent/places.h"
#include "node/agent/registry_link.h"
#include "node/agent/target_record.h"
#include "node/agent/turns.h"
#include "node/container_runtime/container_runtime.h"
#include "shared/base/host.h"
#include "shared/log/log.h"
#include "shared/migration/names.h"
#include "shared/migration/node_facts.h"

namespace migrate::agent {

// The agent of `node` at "IP:PORT". Null: there is no certificate to show yet.
using ConnectPeer = std::function<std::shared_ptr<AgentApi>(const std::string& address, const std::string& node)>;

// The folder of an archive that was made on this node; nothing: it has to be read (Archives::folder_of).
using OwnArchive = std::function<AgentResult<std::optional<std::filesystem::path>>(const Order&, const Archive&)>;

struct TargetParts {
  Places places;
  std::string boot_id;
  node::ContainerRuntime& runtime;
  const Clock& clock;
  Log& log;
  ConnectPeer connect;
  std::uint16_t registry_port = kAgentPort + 2;
  ConnectRegistry connect_registry = {};
  std::string node = {};  // ours
  OwnArchive own_archive = {};
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
                                                                   const Call& call);
  [[nodiscard]] AgentResult<bool> cancel(const Order& order, const PodRef& pod, const Call& call);
  [[nodiscard]] AgentResult<void> clean_up(const Order& order);

  // As Source::is_readable().
  [[nodiscard]] AgentResult<void> is_readable(const std::string& migration) const;

  // As Source::held(): the word for a source is empty.
  [[nodiscard]] std::vector<HeldMigration> held() const;

  // Forgets marks of Pods that are gone from the node, and completes a mark that a full disk prevented. Containers that
  // were restored from an image start cold from then on, also while nobody asks for their states.
  void tend();

  // A request to the registry of images.
  [[nodiscard]] http::Response answer(const http::Request& request) { return registry_.answer(request); }

 private:
  [[nodiscard]] StoredTarget known(const std::string& migration) const;
  [[nodiscard]] AgentResult<void> put(const std::string& migration, const StoredTarget& changed);
  [[nodiscard]] Marks marks_of(const std::string& pod_uid, const std::string& container) const;
  [[nodiscard]] std::vector<std::string> containers_of(const std::string& pod_uid) const;

  void tell_failures(const PodRef& pod, const std::vector<RestoredContainer>& states,
                     const std::vector<RestoreState>& known) const;

  // Gives an archive's bytes to a sink, wherever they come from.
  using ReadArchive = std::function<AgentResult<void>(const Archive& archive, const ArchiveSink& sink)>;
  [[nodiscard]] AgentResult<ReadArchive> reader_of(const Order& order, const PullOrder& pull, const Call& call) const;
  [[nodiscard]] AgentResult<Bytes> fetch(const ReadArchive& read, const Order& order, const Archive& archive,
                                         bool as_image, const Call& call) const;
  // Within one node nothing is copied: false where it has to be.
  [[nodiscard]] AgentResult<bool> link_own(const Order& order, const Archive& archive) const;
  [[nodiscard]] bool has(const Order& order, const StoredTarget& stored, const Archive& archive, bool as_image) const;

  // target_images.cpp
  [[nodiscard]] AgentResult<void> make_offer(const Order& order, const PullOrder& pull, StoredTarget& stored) const;
  [[nodiscard]] ImageOffer told(const StoredOffer& offer) const;
  [[nodiscard]] node::CheckpointImageNames names_of(const StoredOffer& offer, const StoredOffer::Image& image) const;
  void open_registry(const std::string& migration, const StoredOffer& offer);
  [[nodiscard]] bool may_give(const std::string& migration, const std::string& repository);
  [[nodiscard]] AgentResult<void> prepare_images(const Order& order, const PrepareOrder& prepare);
  [[nodiscard]] std::optional<std::string> migration_of_images(const std::string& pod_uid) const;
  [[nodiscard]] RestoredContainer image_state(const std::string& migration, const std::string& pod_uid,
                                              const std::string& container);
  [[nodiscard]] AgentResult<bool> cancel_images(const Order& order, StoredTarget stored);
  void forget_images(const StoredOffer& offer, bool also_cold = false) const;
  [[nodiscard]] AgentResult<PullFacts> offer_from_registry(const Order& order, const PullOrder& pull, const Call& call);
  void tend_images();

  [[nodiscard]] AgentResult<void> may_release(const Order& order, const std::string& pod_uid,
                                              const std::string& container) const;
  [[nodiscard]] AgentResult<void> lay_archive(const Order& order, const StoredTarget& stored,
                                              const std::string& pod_uid, const std::string& container);
  [[nodiscard]] Result<void> lay_volume(const Order& order, const std::string& pod_uid, const std::string& volume);
  [[nodiscard]] AgentResult<bool> end_earlier(const std::string& pod_uid, const std::string& container) const;

  [[nodiscard]] Result<void> clean_pod(const std::string& pod_uid) const;

  TargetParts parts_;
  Turns turns_;
  mutable std::mutex mutex_;
  std::map<std::string, StoredTarget> records_;    // by the Migration's uid, as on the disk
  std::map<std::string, std::string> unreadable_;  // the same; why. Never changes
  ImageRegistry registry_;
};

}  // namespace migrate::agent
