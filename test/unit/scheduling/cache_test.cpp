#include "extender/scheduling/cache.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "shared/kube/pacer.h"
#include "test/unit/extender/fake_client.h"
#include "test/unit/scheduling/world_of.h"

namespace {

using namespace migrate;
using namespace migrate::scheduling;
using kube::ChangeKind;
using migrate::extender::FakeClient;
using migrate::extender::MemoryLog;

kube::Json object_of(const Migration& migration) {
  kube::Json object = to_json(migration);
  object["metadata"]["uid"] = migration.uid;
  object["status"] = to_json(migration.status);
  return object;
}

struct Scene {
  FakeClient client;
  MemoryLog log;
  Cache cache{client, kube::system_pacer(), log};

  [[nodiscard]] std::optional<KnownMigration> known(const std::string& name) const {
    return cache.read([&](const World& world) {
      const KnownMigration* found = world.migration("ns", name);
      return found != nullptr ? std::optional{*found} : std::nullopt;
    });
  }
  [[nodiscard]] bool knows_node(const std::string& name) const {
    return cache.read([&](const World& world) { return world.node(name) != nullptr; });
  }
};

BOOST_AUTO_TEST_SUITE(cache)

BOOST_AUTO_TEST_CASE(what_exists_is_known_once_it_is_synced) {
  Scene scene;
  scene.client.put({"kubectl-migrate.dev", "v1alpha1", "migrations", "ns", "m", {}}, object_of(migration_of("m")));
  scene.client.put({"kubectl-migrate.dev", "v1alpha1", "migrationnodes", {}, "node-b", {}},
                   to_json(facts_of("node-b")));
  BOOST_TEST(!scene.cache.is_synced());
  scene.cache.start();
  while (!scene.cache.is_synced())
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  BOOST_TEST(scene.known("m").has_value());
  BOOST_TEST(scene.knows_node("node-b"));
}

BOOST_AUTO_TEST_CASE(changes_are_taken_and_what_cannot_be_read_is_forgotten) {
  Scene scene;
  Migration migration = migration_of("m");
  scene.cache.take_migration(ChangeKind::added, object_of(migration), {});
  migration.status.phase = Phase::freezing;
  scene.cache.take_migration(ChangeKind::modified, object_of(migration), {});
  BOOST_REQUIRE(scene.known("m"));
  BOOST_TEST((scene.known("m")->migration.status.phase == Phase::freezing));
  kube::Json broken = object_of(migration);
  broken["status"]["phase"] = "Dancing";
  scene.cache.take_migration(ChangeKind::modified, broken, {});
  BOOST_TEST(!scene.known("m"));
  BOOST_TEST(scene.log.lines().size() == 1U);
  scene.cache.take_migration(ChangeKind::added, object_of(migration), {});
  scene.cache.take_migration(ChangeKind::deleted, object_of(migration), {});
  BOOST_TEST(!scene.known("m"));

  scene.cache.take_node(ChangeKind::added, to_json(facts_of("node-b")));
  BOOST_TEST(scene.knows_node("node-b"));
  scene.cache.take_node(ChangeKind::deleted, to_json(facts_of("node-b")));
  BOOST_TEST(!scene.knows_node("node-b"));
}

BOOST_AUTO_TEST_CASE(nodes_of_a_selector_are_asked_for_once) {
  Scene scene;
  scene.client.put(kube::core("nodes", {}, "node-c"), {{"metadata", {{"name", "node-c"}}}});
  Migration migration = migration_of("m");
  migration.spec.target_selector = {{"disk", "ssd"}, {"zone", "x"}};
  scene.cache.take_migration(ChangeKind::added, object_of(migration), {});
  BOOST_REQUIRE(scene.known("m"));
  BOOST_REQUIRE(scene.known("m")->selected);
  BOOST_TEST((*scene.known("m")->selected == NodeSet{"node-c"}));
  BOOST_TEST((scene.client.selectors == std::vector<std::string>{"disk=ssd,zone=x"}));
  scene.cache.take_migration(ChangeKind::modified, object_of(migration), {});
  BOOST_TEST(scene.client.selectors.size() == 1U);
  BOOST_TEST(scene.known("m")->selected.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
