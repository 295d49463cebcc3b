#include "test/e2e/row_hold.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "test/e2e/broker_side.h"

namespace harness {
namespace {

using migrate::Phase;
using migrate::Strategy;
using namespace std::chrono_literals;

// At ten messages a second more than a second's work for it, and less than its connection's patience.
constexpr auto kPileUp = 2'500ms;

}  // namespace

ProductProcess target_application(const nlohmann::json& migration) {
  const auto& target = migration.at("status").at("target");
  return {target.at("pod").get<std::string>(), target.at("uid").get<std::string>(),
          target.at("node").get<std::string>(), "orders-consumer"};
}

std::unique_ptr<Hold> stop_replaying(const Cluster& cluster, const nlohmann::json& migration) {
  auto hold = stop_process(cluster, target_application(migration));
  std::this_thread::sleep_for(kPileUp);
  return hold;
}

std::unique_ptr<Hold> hold_for(const Cluster& cluster, const Row& row, const nlohmann::json& migration,
                               const std::string& source_node, const std::string& target_node) {
  if (row.fault == Fault::restore_fails || row.at_adoption || held_before(row)) return nullptr;
  switch (row.phase) {
    case Phase::placing:
    case Phase::renaming:
    case Phase::returning:
      return stop_agent(cluster, target_node);
    case Phase::checkpointing:
      return hold_criu(cluster, source_node);
    case Phase::transferring:
      return cut_agent_off(cluster, source_node, target_node);
    case Phase::shadowing:
    case Phase::restoring:
      // Deleted in the middle of CRIU's work, nobody could say whether memory ran. That is the doubt's subject.
      if (row.fault == Fault::target_deleted) return stop_agent(cluster, target_node);
      return hold_criu(cluster, target_node);
    case Phase::replaying:
      return stop_replaying(cluster, migration);
    case Phase::mirroring:
    case Phase::draining:
    case Phase::switching:
      // These talk to nobody else; they have patience with it for 20 s.
      return stop_process(cluster, broker_process(cluster));
    default:
      return stop_agent(cluster, source_node);
  }
}

bool stops_broker(const Row& row) {
  return row.fault != Fault::restore_fails &&
         (row.phase == Phase::mirroring || row.phase == Phase::draining || row.phase == Phase::switching);
}

}  // namespace harness
