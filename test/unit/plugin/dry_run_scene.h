// A cluster with a controller that answers dry runs while somebody waits for it.
#pragma once

#include <functional>
#include <optional>

#include "plugin/commands.h"
#include "plugin/trial.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

inline MigrationStatus planned() {
  MigrationStatus status;
  status.phase = Phase::planned;
  status.source = {"orders", "uid-orders", "node-a"};
  status.strategy = Strategy::stop;
  status.checkpoint = CheckpointBackend::direct;
  status.forecast_freeze = 604ms;
  status.forecast_gap = 812ms;
  status.forecast_total = 2'310ms;
  status.forecast_freeze_range = Range{500ms, 900ms};
  status.forecast_gap_range = Range{700ms, 1'400ms};
  status.forecast_total_range = Range{2'000ms, 3'500ms};
  status.forecast_size = 104_MiB;
  status.plan = Plan{"Stop: its gap is forecast at 0.812 s; not Live and Sequential: the Pod names no queue and broker",
                     {{"Preparing", "Pod, nodes and queue are looked at"},
                      {"Placing", "a target Pod is made and placed on node-b, and waits there for its memory"}}};
  status.alternatives = {{Strategy::stop, 604ms, 812ms, 2'310ms, {}},
                         {Strategy::live, {}, {}, {}, {"the Pod names no queue and broker"}},
                         {Strategy::sequential, {}, {}, {}, {"the Pod names no queue and broker"}}};
  return status;
}

inline MigrationStatus refused_twice() {
  MigrationStatus status;
  status.phase = Phase::refused;
  status.source = {"orders", "uid-orders", "node-a"};
  status.reason = "NoHandler";
  status.message = "containerd 2.3.7 on node node-b does not know it; volume data is /srv of its node";
  status.refusals = {{"NoHandler", "containerd 2.3.7 on node node-b does not know it", ""},
                     {"HostPath", "volume data is /srv of its node", ""}};
  return status;
}

struct DryRunScene {
  Scene scene;
  Stepping pacer;
  Io io = plain_io(scene.out, scene.err, scene.clock, pacer, scene.interrupted);
  // Nothing: it does not answer.
  std::function<std::optional<MigrationStatus>(const Migration&)> controller = [](const Migration&) {
    return std::optional{planned()};
  };
  std::vector<Migration> asked;  // by who wanted to know

  DryRunScene() {
    pacer.each = [this] { answer(); };
  }
  void answer() {
    const auto all = scene.cluster.list(migrations("shop"), {}, {});
    for (Json object : all->at("items")) {
      const auto migration = parse_migration(object);
      BOOST_REQUIRE_MESSAGE(migration, (migration ? "" : migration.error().message));
      BOOST_TEST(migration->spec.dry_run);
      if (is_final(migration->status.phase)) continue;
      const auto status = controller(*migration);
      if (!status) continue;
      asked.push_back(*migration);
      object["status"] = to_json(*status);
      scene.cluster.put(migrations("shop", migration->name), object);
    }
  }
  Session session() { return {io, scene.cluster, "shop"}; }
  void check_nothing_left() const { BOOST_TEST(scene.cluster.find(migrations("shop", "orders-bbbbb")) == nullptr); }
};

inline Options for_pod(Verb verb = Verb::migrate) {
  Options options;
  options.verb = verb;
  options.name = "orders";
  return options;
}

}  // namespace migrate::plugin
