// The source's side of a hop: snapshotted perhaps, frozen, then committed or thawed. source_record.h has the rule; this
// carries it out on the disk and in the container runtime. May be used from any thread.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "node/agent/places.h"
#include "node/agent/source_record.h"
#include "node/container_runtime/container_runtime.h"
#include "shared/base/host.h"
#include "shared/log/log.h"
#include "shared/migration/node_facts.h"

namespace migrate::agent {

struct SourceParts {
  Places places;
  std::string boot_id;
  node::ContainerRuntime& runtime;
  const Clock& clock;
  Log& log;
};

class Source {
 public:
  // Reads what is on the disk and goes on from there. Frozen before a reboot: the containers are gone, hence thawed.
  // Frozen for a snapshot: that was cut off, hence thawed too.
  explicit Source(SourceParts parts);

  [[nodiscard]] AgentResult<SourceRecord> freeze(const Order& order, const FreezeOrder& freeze);
  [[nodiscard]] AgentResult<SourceRecord> commit(const Order& order);
  [[nodiscard]] AgentResult<SourceRecord> thaw(const Order& order, bool target_never_ran);
  [[nodiscard]] SourceRecord record(const Order& order);
  [[nodiscard]] AgentResult<bool> is_gone(const Order& order);
  [[nodiscard]] AgentResult<void> clean_up(const Order& order);

  // Fails where a record is on the disk that cannot be understood, a newer agent's perhaps: nothing is known then, and
  // none is the wrong answer. Orders for that migration are to be refused.
  [[nodiscard]] AgentResult<void> is_readable(const std::string& migration) const;

  // All that there are records of, as node facts tell them.
  [[nodiscard]] std::vector<HeldMigration> held();
  // Whether nothing on this node hangs on its record any more: its containers run, or are gone.
  [[nodiscard]] bool is_settled(const std::string& migration);

  // While it lives, the runtime checkpoints this source. A thaw lets all run at once, but is settled only behind it: a
  // runtime leaves paused what was resumed under its checkpoint, so then all are resumed once more.
  [[nodiscard]] std::shared_ptr<void> checkpoint_at_work(const std::string& migration);
  // The record, when the rule permits `asked` (checkpoint or read) now.
  [[nodiscard]] AgentResult<StoredSource> permitted(const Order& order, SourceOrder asked);
  // What was checkpointed; fails when the source is no longer frozen.
  [[nodiscard]] AgentResult<void> keep_archives(const Order& order, const std::vector<Archive>& archives);

  // The containers that the order names, which must run here.
  [[nodiscard]] AgentResult<std::vector<FrozenContainer>> find_containers(const FreezeOrder& freeze) const;

  // A snapshot is made in this order; the first says whether it is made already. After begin_snapshot has succeeded,
  // whatever fails is told to fail_snapshot, and the source thaws.
  [[nodiscard]] AgentResult<std::optional<Snapshot>> made_snapshot(const Order& order, const FreezeOrder& freeze);
  [[nodiscard]] AgentResult<StoredSource> begin_snapshot(const Order& order, const FreezeOrder& freeze);
  [[nodiscard]] AgentResult<void> run_on(const Order& order);  // its memory is written: it need not wait any longer
  [[nodiscard]] AgentResult<Snapshot> end_snapshot(const Order& order, const std::vector<Archive>& archives);
  void fail_snapshot(const Order& order, const std::string& why);

  // Thaws what is overdue and repeats what did not succeed. When to call again at the latest, if nothing changes.
  [[nodiscard]] Instant tend();

 private:
  [[nodiscard]] const StoredSource& known(const std::string& migration) const;
  [[nodiscard]] AgentResult<void> put(const std::string& migration, StoredSource changed);
  [[nodiscard]] AgentResult<SourceRecord> begin_freeze(const Order& order, const FreezeOrder& freeze,
                                                       bool for_snapshot);
  [[nodiscard]] AgentResult<void> take_target(const Order& order, const FreezeOrder& freeze);
  [[nodiscard]] AgentResult<SourceRecord> end_overdue(const std::string& migration);
  [[nodiscard]] AgentResult<SourceRecord> pause_all(const std::string& migration);
  [[nodiscard]] AgentResult<SourceRecord> end_thawed(const std::string& migration, const std::string& why);
  [[nodiscard]] Result<void> resume_all(const std::string& migration);
  [[nodiscard]] Result<std::string> disturbed(const StoredSource& stored) const;

  void end_checkpoint(const std::string& migration);

  SourceParts parts_;
  std::mutex mutex_;
  std::condition_variable checkpoint_ended_;
  std::set<std::string> checkpointed_;             // at work now
  std::map<std::string, StoredSource> records_;    // by the Migration's uid, as on the disk
  std::map<std::string, std::string> unreadable_;  // the same; why. Never changes
};

}  // namespace migrate::agent
