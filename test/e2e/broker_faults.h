// What may go wrong at the broker and in the application during a migration with replay, as a table: where it is held,
// what happens there, how it may end, and what its user must be told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/migration/migration.h"
#include "test/e2e/holds.h"
#include "test/e2e/scene.h"
#include "test/e2e/small_pods.h"

namespace harness {

// A row at work: what its faults are done to, and what they leave to be undone when it has ended.
struct BrokerFaultSite {
  Scene& scene;
  std::string name;            // the Migration's
  nlohmann::json migration;    // as it is at the door
  std::unique_ptr<Hold> hold;  // until the fault has happened, or, when `hold_to_the_end`, the migration is over
  bool hold_to_the_end = false;
  std::vector<std::string> connections;
  std::vector<std::unique_ptr<Undo>> undo;
};

using BrokerFaultAction = std::function<void(BrokerFaultSite&)>;

struct BrokerRow {
  std::string name;
  std::vector<migrate::Phase> ends;
  std::string said;  // part of what status.message or a step tells, unless it succeeded
  // Before the migration begins.
  BrokerFaultAction before = {};
  // At whose door it is held; pending: nowhere.
  migrate::Phase door = migrate::Phase::pending;
  BrokerFaultAction at_door = {};  // while the door is shut
  BrokerFaultAction behind = {};   // the door is open, the phase has begun
  migrate::Strategy strategy = migrate::Strategy::live;
  bool keep_name = false;  // source and target have one control queue
};

// With the scene's consumer, whose source or target is afterwards where the end says.
[[nodiscard]] std::vector<BrokerRow> broker_rows();
// Three of them that take little time.
[[nodiscard]] std::vector<BrokerRow> quick_broker_rows();

// Plays it, checks end and words, that the consumer goes on and nothing is left; throws with a report.
std::string play(Scene& scene, const BrokerRow& row);
// The same without a look at the consumer, for faults that cost it messages whatever anybody does.
std::string play_to_its_end(Scene& scene, const BrokerRow& row);

}  // namespace harness
