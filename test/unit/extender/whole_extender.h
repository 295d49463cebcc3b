// All of the extender but the API server behind it and the HTTP server before it.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "extender/authority/current_authority.h"
#include "extender/server/routes.h"
#include "shared/kube/pacer.h"
#include "shared/migration/migration.h"
#include "shared/migration/node_facts.h"
#include "test/fakes/host.h"
#include "test/unit/extender/fake_client.h"

namespace migrate::extender {

template <class OurLog>
struct WholeExtender {
  FakeClient client;
  fakes::Clock clock;
  OurLog log;
  authority::CurrentAuthority ca{value_or_fatal(certificates::make_authority(clock.time))};
  scheduling::Cache cache{client, kube::system_pacer(), log};
  CertificateRequests certificates{client, clock, ca, "kubectl-migrate"};
  RequestMetrics metrics;
  Routes routes{{cache, certificates, clock, log, metrics, [] { return std::string{"more 1\n"}; }}};

  void sync() {
    cache.start();
    while (!cache.is_synced())
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  void know(const Migration& migration) {
    Json object = to_json(migration);
    object["metadata"]["uid"] = migration.uid;
    object["status"] = to_json(migration.status);
    cache.take_migration(kube::ChangeKind::added, object, {});
  }
  void know(const NodeFacts& facts) { cache.take_node(kube::ChangeKind::added, to_json(facts)); }
};

}  // namespace migrate::extender
