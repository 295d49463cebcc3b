#include "test/e2e/broker_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "test/e2e/broker_side.h"
#include "test/e2e/faults.h"
#include "test/e2e/phase_gate.h"

namespace harness {
namespace {

using Json = nlohmann::json;
using migrate::Phase;
using namespace std::chrono_literals;

std::string text_in(const Json& object, const char* pointer) {
  return object.value(Json::json_pointer{pointer}, std::string{});
}

std::string unique_name() {
  static int count = 0;
  return fmt::format("broker-{}", ++count);
}

// All that a user may read of it.
std::string told(const Json& ended) {
  std::string all = text_in(ended, "/status/reason") + ": " + text_in(ended, "/status/message");
  const Json status = ended.value("status", Json::object());
  const Json steps = status.value("steps", Json::array());
  for (const Json& step : steps)
    all += fmt::format("\n  {}: {}", step.value("name", ""), step.value("message", ""));
  return all;
}

bool has_begun(const Scene& scene, const std::string& name, const std::string& phase) {
  const std::string now = text_in(scene.stage().migration(name), "/status/phase");
  const auto known = migrate::phase_from(now);
  return now == phase || (known && (is_final(*known) || *known == Phase::in_doubt));
}

void begin(const BrokerFaultSite& site, const BrokerRow& row) {
  Words words{site.scene.consumer(), "--to", site.scene.other_node(), "--name", site.name, "--no-wait", "--strategy"};
  if (row.strategy == migrate::Strategy::sequential)
    words.emplace_back("sequential");
  else  // it is to stop by having caught up, not by the clock
    words.insert(words.end(), {"live", "--cutoff", "120s"});
  if (row.keep_name) words.emplace_back("--keep-name");
  const auto begun = site.scene.stage().plugin(words);
  if (!begun.succeeded()) throw std::runtime_error("kubectl-migrate: " + text_of(begun));
}

void await_door(BrokerFaultSite& site, const PhaseGate& gate, const std::string& phase) {
  const Stage& stage = site.scene.stage();
  stage.await("the migration to come to " + phase, site.name,
              [&] { return gate.is_reached() || has_begun(site.scene, site.name, phase); });
  stage.require(gate.is_reached(), "it ended before it came to " + phase, site.name);
  site.migration = stage.migration(site.name);
}

Json play_row(BrokerFaultSite& site, const BrokerRow& row) {
  const Stage& stage = site.scene.stage();
  const std::string phase{migrate::to_string(row.door)};
  if (row.before) row.before(site);
  if (row.door == Phase::pending) {
    begin(site, row);
  } else {
    PhaseGate gate{site.scene.cluster(), stage.ns().name(), phase};
    begin(site, row);
    await_door(site, gate, phase);
    if (row.at_door) row.at_door(site);
    gate.open();
    stage.await(phase + " to stand in the status", site.name, [&] { return has_begun(site.scene, site.name, phase); });
    if (row.behind) row.behind(site);
  }
  if (!site.hold_to_the_end) site.hold.reset();
  Json ended = stage.await_end(site.name, 300s);
  site.hold.reset();
  site.undo.clear();
  return ended;
}

void check_told(const Scene& scene, const Json& ended, const BrokerRow& row) {
  const std::string all = told(ended);
  const bool is_told = text_in(ended, "/status/phase") == "Succeeded" || all.find(row.said) != std::string::npos;
  scene.stage().require(is_told, fmt::format("nothing of '{}' is told to its user, but:\n{}", row.said, all),
                        text_in(ended, "/metadata/name"));
}

}  // namespace

std::string play(Scene& scene, const BrokerRow& row) {
  BrokerFaultSite site{scene, unique_name(), {}, nullptr, false, {}, {}};
  const Json ended = play_row(site, row);
  check_told(scene, ended, row);
  check_ended(scene, ended, row.ends);
  return told(ended);
}

std::string play_to_its_end(Scene& scene, const BrokerRow& row) {
  BrokerFaultSite site{scene, unique_name(), {}, nullptr, false, {}, {}};
  const Json ended = play_row(site, row);
  check_told(scene, ended, row);
  const auto end = migrate::phase_from(text_in(ended, "/status/phase"));
  scene.stage().require(end && std::find(row.ends.begin(), row.ends.end(), *end) != row.ends.end(),
                        "it ended in a way that is not allowed here", site.name);
  return told(ended);
}

}  // namespace harness
