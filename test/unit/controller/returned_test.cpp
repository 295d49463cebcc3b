// What became of a shadow on its way into the name, when whoever asks has not seen it.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/of_set.h"
#include "test/unit/controller/tries.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
namespace data = boost::unit_test::data;

// In Returning; the shadow is gone.
struct Unseen : Scene {
  explicit Unseen(bool is_sets = true) : Scene(true), owners(is_sets ? owners_of("StatefulSet") : Json::array()) {
    cluster.drop(pod("orders"));
    cluster.change(path(), [&](Json& object) {
      object["spec"]["strategy"] = "Live";
      object["status"] = {{"phase", "Returning"},
                          {"strategy", "Live"},
                          {"source", {{"pod", "orders"}, {"uid", "uid-source"}, {"node", "node-a"}}},
                          {"target", {{"pod", "orders-mig-a6pfz"}, {"uid", "uid-shadow"}, {"node", "node-b"}}}};
      if (is_sets) object["status"]["owner"] = {{"kind", "StatefulSet"}, {"name", "orders"}, {"uid", "uid-set"}};
    });
  }
  // As a second hop has made it.
  void put_home() {
    Json home = samples::pod();
    home["metadata"]["uid"] = "uid-home";
    home["metadata"]["ownerReferences"] = owners;
    home["spec"]["nodeName"] = "node-b";
    home["spec"]["runtimeClassName"] = kRuntimeClass;
    cluster.put(pod("orders"), home);
  }
  void check_returned(const MigrationStatus& now, const std::string& how) const {
    BOOST_TEST(to_string(now.phase) == "Succeeded", now.message + log.text());
    const Condition* restored = find_condition(now, "NameRestored");
    BOOST_REQUIRE(restored != nullptr);
    BOOST_TEST(restored->value, restored->message);
    BOOST_TEST(restored->reason == "Returned");
    BOOST_TEST(restored->message.find(how) != std::string::npos, restored->message);
    BOOST_CHECK((now.target == PodPlace{"orders", "uid-home", "node-b"}));
  }

  Json owners;
  Json rolled_back = {{"phase", "RolledBack"}, {"message", "no room"}, {"finishedAt", "2025-12-31T23:00:00Z"}};
  Json succeeded = {
      {"phase", "Succeeded"}, {"gapMs", 700}, {"target", {{"pod", "orders"}, {"uid", "uid-home"}, {"node", "node-b"}}}};
};

BOOST_AUTO_TEST_SUITE(returned_)

// One that is being deleted goes with its finalizer, right behind its success.
BOOST_DATA_TEST_CASE(a_second_hop_that_was_deleted_has_brought_it_home, data::make({false, true}), is_sets) {
  Unseen scene{is_sets};
  scene.put_home();
  const MigrationStatus now = scene.run();
  scene.check_returned(now, "deleted since");
  BOOST_TEST(now.warnings.empty());
  BOOST_TEST(!scene.cluster.look(try_path(1)));
}

// What became of the shadow is the last one's to tell.
BOOST_DATA_TEST_CASE(a_try_that_came_to_nothing_does_not_hide_one_that_succeeded, data::make({false, true}), is_sets) {
  Unseen scene{is_sets};
  put_try(scene, 1, scene.rolled_back);
  put_try(scene, 2, scene.succeeded);
  scene.put_home();
  scene.check_returned(scene.run(), "by migration orders-1-name-2: gap 700 ms");
}

BOOST_FIXTURE_TEST_CASE(nor_one_that_is_under_way, Unseen) {
  put_try(*this, 1, rolled_back);
  put_try(*this, 2, {{"phase", "Finishing"}});
  put_home();
  run(2);
  BOOST_TEST(to_string(status().phase) == "Returning", log.text());
  put_try(*this, 2, succeeded);
  check_returned(run(), "by migration orders-1-name-2");
}

// It has the name and the archives. The first one expires first.
BOOST_DATA_TEST_CASE(nor_does_one_that_is_gone_hide_one_that_is_under_way,
                     data::make({"InDoubt", "Repeating"}) * data::make({false, true}), phase, is_sets) {
  Unseen scene{is_sets};
  Json under_way;
  under_way["phase"] = phase;
  put_try(scene, 2, under_way);
  scene.run(2);
  BOOST_TEST(to_string(scene.status().phase) == "Returning", scene.log.text());
  BOOST_TEST(!scene.cluster.look(try_path(1)));
  put_try(scene, 2, scene.succeeded);
  scene.put_home();
  scene.check_returned(scene.run(), "by migration orders-1-name-2");
}

BOOST_FIXTURE_TEST_CASE(an_empty_pod_in_the_name_is_not_it, Unseen) {
  put_home();
  cluster.change(pod("orders"), [](Json& object) { object["spec"].erase("runtimeClassName"); });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  const Condition* restored = find_condition(now, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(!restored->value);
  BOOST_TEST(restored->reason == "ShadowGone");
  BOOST_TEST(restored->message.find("; StatefulSet orders starts orders anew") != std::string::npos, restored->message);
}

BOOST_AUTO_TEST_CASE(a_shadow_of_nobody_s_that_is_gone_is_told_of_once) {
  Unseen scene{false};
  const MigrationStatus now = scene.run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  BOOST_TEST(now.warnings == std::vector<std::string>{"Pod orders-mig-a6pfz is gone, and with it its memory"},
             boost::test_tools::per_element());
  BOOST_TEST(!scene.cluster.look(try_path(1)));
}

// Its object stays, and would be waited for until somebody deletes it, with the name held.
BOOST_DATA_TEST_CASE(a_shadow_that_was_evicted_is_not_waited_for, data::make({false, true}), is_sets) {
  Unseen scene{is_sets};
  Json evicted = samples::pod();
  evicted["metadata"]["uid"] = "uid-shadow";
  evicted.erase("status");
  evicted["status"]["phase"] = "Failed";
  evicted["status"]["reason"] = "Evicted";
  scene.cluster.put(Scene::pod("orders-mig-a6pfz"), evicted);
  const MigrationStatus now = scene.run();
  BOOST_TEST(to_string(now.phase) == "Succeeded", now.message + scene.log.text());
  const Condition* restored = find_condition(now, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(restored->reason == "ShadowGone");
  BOOST_TEST(restored->message.starts_with("Pod orders-mig-a6pfz is over (Failed), and with it its memory"),
             restored->message);
  BOOST_TEST(!scene.cluster.look(try_path(1)));
}

// The garbage collector leaves the Migration alone among the shadow's owners.
BOOST_FIXTURE_TEST_CASE(a_shadow_whose_set_was_deleted_comes_into_its_name, Scene) {
  cluster.change(pod("orders"), [](Json& object) {
    object["metadata"]["ownerReferences"] = {
        {{"apiVersion", kApiVersion}, {"kind", "Migration"}, {"name", "first"}, {"uid", "u1"}, {"controller", true}}};
  });
  cluster.change(path(), [](Json& object) {
    object["spec"]["target"] = {{"node", "node-a"}, {"name", "home"}};
    object["spec"]["strategy"] = "Stop";
  });
  place_on = "";
  run();
  check_succeeded("home");
  BOOST_TEST(!has(cluster.look(pod("home")).value(), {"metadata", "ownerReferences"}));
}

BOOST_FIXTURE_TEST_CASE(and_belongs_to_nobody_there, Unseen) {
  put_try(*this, 1, succeeded);
  owners = Json::array();
  put_home();
  const MigrationStatus now = run();
  check_returned(now, "by migration orders-1-name-1");
  BOOST_REQUIRE(now.warnings.size() == 1U);
  BOOST_TEST(now.warnings.front().starts_with("StatefulSet orders is gone, and Pod orders belongs to nobody"),
             now.warnings.front());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
