// Pods of StatefulSets: who owns what, and who can make what, at every moment of a move.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/ending.h"
#include "test/unit/controller/of_set.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(sets_)

BOOST_FIXTURE_TEST_CASE(a_pod_keeps_its_name_and_its_set, OfSet) {
  Json while_restored;
  target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "release") while_restored = owners_now(kPod);
    return std::nullopt;
  };
  run();
  check_succeeded(kPod);
  check_is_sets(kPod);
  BOOST_TEST(went_through(status(), Phase::orphaning));
  BOOST_TEST(went_through(status(), Phase::renaming));
  BOOST_CHECK((status().owner == OwnerRef{"StatefulSet", "orders", "uid-set"}));
  const MigrationStatus ended = status();
  const Condition* held = find_condition(ended, kNameHeldCondition);
  BOOST_REQUIRE(held != nullptr);
  BOOST_TEST(!held->value);  // any more
  // Until then it is lent.
  BOOST_REQUIRE(while_restored.size() == 2U);
  BOOST_TEST(while_restored[0]["controller"] == false);
  BOOST_TEST(while_restored[1]["uid"] == "uid-migration");
}

BOOST_FIXTURE_TEST_CASE(the_name_is_held_before_it_is_free, OfSet) {
  not_before = 3;
  std::vector<int> freed_after;
  int frozen_after = 0;
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "freeze") return std::nullopt;
    frozen_after = attempts;
    BOOST_TEST((first_denied && world.pacer.now() - *first_denied >= 1s));
    return std::nullopt;
  };
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "delete" && where.name == kPod) freed_after.push_back(attempts);
    return std::nullopt;
  };
  run();
  check_succeeded(kPod);
  BOOST_REQUIRE(!freed_after.empty());
  // One that looked whether the name could be taken at all, two that the API server did not deny yet, two that it did.
  BOOST_TEST(freed_after.front() >= 5);
  BOOST_TEST(frozen_after >= 5);
}

BOOST_FIXTURE_TEST_CASE(without_the_policy_nothing_is_touched, OfSet) {
  is_installed = false;
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "RolledBack");
  BOOST_TEST(now.reason == "NameNotHeld");
  BOOST_TEST(now.message.find(kNamePolicy) != std::string::npos, now.message);
  check_clean({kPod});
  check_is_sets(kPod);
}

// Seen on a cluster for some seconds after a restart of the API server.
BOOST_FIXTURE_TEST_CASE(an_api_server_that_has_just_started_refuses_nobody, OfSet) {
  is_unread = [](int attempt) { return attempt <= 3; };
  run();
  check_succeeded(kPod);
  check_is_sets(kPod);
}

BOOST_FIXTURE_TEST_CASE(a_policy_that_stays_unread_refuses, OfSet) {
  is_unread = [](int) { return true; };
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Refused");
  BOOST_TEST(now.reason == "TargetNotAdmitted");
  BOOST_TEST(now.message.find("failed to configure policy") != std::string::npos, now.message);
  check_clean({kPod});
  check_is_sets(kPod);
}

// It denies as well, but what it does a moment later is not known from that.
BOOST_FIXTURE_TEST_CASE(a_policy_that_is_yet_to_be_read_holds_no_name, OfSet) {
  int frozen_after = 0;
  is_unread = [](int attempt) { return attempt >= 2 && attempt <= 5; };
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "freeze") frozen_after = attempts;
    return std::nullopt;
  };
  run();
  check_succeeded(kPod);
  // One that looked whether the name could be taken at all, four of no worth, two that the policy denied.
  BOOST_TEST(frozen_after >= 7);
}

BOOST_FIXTURE_TEST_CASE(an_abort_gives_the_source_back, OfSet) {
  Json lent;
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "checkpoint") return std::nullopt;
    lent = owners_now(kPod);
    abort();
    return std::nullopt;
  };
  run();
  BOOST_TEST(to_string(status().phase) == "RolledBack");
  BOOST_TEST(lent.size() == 2U);
  check_clean({kPod});
  check_is_sets(kPod);
  BOOST_TEST(cluster.look(pod(kPod)).value()["metadata"]["uid"] == "uid-source");
}

struct Unrest {
  const char* what;
  const char* reason;
  std::function<void(OfSet&)> begins;
  friend std::ostream& operator<<(std::ostream& out, const Unrest& one) { return out << one.what; }
};
const kube::ResourcePath kSet{"apps", "v1", "statefulsets", "shop", "orders", ""};
const std::vector<Unrest> kUnrests{
    {"it rolls out", "SetRollingOut",
     [](OfSet& scene) { scene.cluster.change(kSet, [](Json& set) { set["status"]["updateRevision"] = "r2"; }); }},
    {"it is scaled down", "OrdinalOutOfRange",
     [](OfSet& scene) { scene.cluster.change(kSet, [](Json& set) { set["spec"]["replicas"] = 1; }); }},
    {"it is deleted", "SetDeleting", [](OfSet& scene) { scene.cluster.drop(kSet); }},
    {"it is made anew and has adopted its Pods", "SetDeleting",
     [](OfSet& scene) {
       scene.cluster.change(kSet, [](Json& set) { set["metadata"]["uid"] = "uid-anew"; });
       scene.owners[0]["uid"] = "uid-anew";
       scene.cluster.change(Scene::pod(kPod), [&](Json& pod) { pod["metadata"]["ownerReferences"] = scene.owners; });
     }},
    {"its Pod is another one's", "OwnerChanged",
     [](OfSet& scene) {
       scene.owners[0]["uid"] = "uid-anew";
       scene.cluster.change(Scene::pod(kPod), [&](Json& pod) { pod["metadata"]["ownerReferences"] = scene.owners; });
     }},
};

// It was at rest when it was looked at, and then the placeholder was placed.
BOOST_DATA_TEST_CASE(a_set_that_is_not_at_rest_any_more_lends_nothing, boost::unit_test::data::make(kUnrests), unrest) {
  OfSet scene;
  scene.cluster.before_write = [&](const std::string& verb,
                                   const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "create" && where.name == "orders-1-mig-hold") unrest.begins(scene);
    return std::nullopt;
  };
  const MigrationStatus now = scene.run();
  BOOST_TEST(to_string(now.phase) == "RolledBack", now.message);
  BOOST_TEST(now.reason == unrest.reason, now.reason + ": " + now.message);
  scene.check_clean({kPod});
  scene.check_is_sets(kPod);
  const auto writes = scene.cluster.writes();
  BOOST_TEST(std::count(writes.begin(), writes.end(), std::string{"patch pods/"} + kPod) == 0);
  BOOST_TEST(std::count(scene.source.orders.begin(), scene.source.orders.end(), "freeze") == 0);
}

// The garbage collector takes a set that is gone from the owners of a Pod that has another one.
void delete_set(OfSet& scene, const std::string& lent) {
  scene.cluster.drop(kSet);
  scene.cluster.change(Scene::pod(lent), [](Json& pod) {
    Json& owners = pod["metadata"]["ownerReferences"];
    BOOST_REQUIRE(owners.size() == 2U);
    owners.erase(0);
  });
}

BOOST_DATA_TEST_CASE(a_pod_whose_set_was_deleted_meanwhile_is_told_of, boost::unit_test::data::make({false, true}),
                     comes_back) {
  OfSet scene;
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "checkpoint" || !comes_back) return std::nullopt;
    delete_set(scene, kPod);
    scene.abort();
    return std::nullopt;
  };
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "release") delete_set(scene, kPod);
    return std::nullopt;
  };
  const MigrationStatus now = scene.run();
  BOOST_TEST(to_string(now.phase) == (comes_back ? "RolledBack" : "Succeeded"), now.message);
  scene.check_clean({kPod});
  BOOST_TEST(scene.owners_now(kPod).empty());
  BOOST_REQUIRE(now.warnings.size() == 1U);
  BOOST_TEST(now.warnings.front() ==
             "StatefulSet orders is gone, and Pod orders-1 belongs to nobody; delete it if it should be gone too");
  BOOST_TEST(std::count(scene.events.reasons.begin(), scene.events.reasons.end(), "MigrationSetGone") == 1);
}

BOOST_AUTO_TEST_CASE(a_controller_may_end_at_any_write) {
  for_each_ending(10, [](Ending& ending) {
    OfSet scene;
    ending.at_write(scene, true);
    scene.run();
    scene.check_succeeded(kPod);
    scene.check_is_sets(kPod);
  });
}

BOOST_FIXTURE_TEST_CASE(another_pod_of_the_set_on_its_way_is_named, OfSet) {
  Json sibling = cluster.look(pod(kPod)).value();
  sibling["metadata"]["uid"] = "uid-sibling";
  cluster.put(pod("orders-0"), sibling);
  Migration other = samples::migration();
  other.name = "earlier";
  other.uid = "uid-earlier";
  other.spec.pod = "orders-0";
  other.spec.pod_uid = "uid-sibling";
  Json object = object_of(other);
  object["metadata"]["creationTimestamp"] = "2025-01-01T00:00:00Z";
  cluster.put(migration_path("shop", "earlier"), object);
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Refused");
  BOOST_TEST(now.reason == "OtherMigrationOfSet");
  BOOST_TEST(now.message.find("abort earlier") != std::string::npos, now.message);
}

// Its way back would be tried for ever.
BOOST_FIXTURE_TEST_CASE(live_to_a_node_without_room_for_two_is_refused, OfSet) {
  cluster.change(kube::core("nodes", "", "node-b"), [](Json& node) {
    node["status"]["allocatable"] = {{"cpu", "1900m"}};
  });
  edit([](Json& object) {
    object["spec"]["target"]["node"] = "node-b";
    object["spec"]["strategy"] = "Live";
  });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Refused");
  BOOST_TEST(now.reason == "NoRoomToReturn", now.reason + ": " + now.message);
  BOOST_TEST(now.message.find("1900m cpu") != std::string::npos, now.message);
}

BOOST_FIXTURE_TEST_CASE(any_other_strategy_needs_no_room_for_two, OfSet) {
  cluster.change(kube::core("nodes", "", "node-b"), [](Json& node) {
    node["status"]["allocatable"] = {{"cpu", "1900m"}};
  });
  edit([](Json& object) { object["spec"]["target"]["node"] = "node-b"; });
  run();
  check_succeeded(kPod);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
