#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(listing)

BOOST_AUTO_TEST_CASE(a_table_of_one_namespace_or_of_all) {
  Scene scene;
  scene.put(succeeded());
  Migration waiting = migration_in(Phase::pending);
  waiting.namespace_ = "bank";
  waiting.name = "ledger-abcde";
  waiting.spec.pod = "ledger";
  waiting.spec.target_node = "node-c";
  scene.put(waiting);
  BOOST_TEST(scene.run({"list"}) == 0);
  BOOST_TEST(scene.out.str() ==
             "NAME           POD      FROM     TO       PHASE       GAP       AGE\n"
             "orders-x7k2p   orders   node-a   node-b   Succeeded   0.812 s   12h\n");
  scene.out.str("");
  BOOST_TEST(scene.run({"list", "-A"}) == 0);
  check_says(scene.out.str(), "NAMESPACE   NAME ");
  check_says(scene.out.str(), "bank        ledger-abcde   ledger   -        node-c   Pending     -         12h\n");
}

BOOST_AUTO_TEST_CASE(nothing_is_said_beside_stdout) {
  Scene scene;
  BOOST_TEST(scene.run({"list"}) == 0);
  BOOST_TEST(scene.out.str().empty());
  BOOST_TEST(scene.err.str() == "No migrations found in namespace shop\n");
}

BOOST_AUTO_TEST_CASE(documents_of_lists) {
  Scene scene;
  scene.put(succeeded());
  BOOST_TEST(scene.run({"list", "-o", "name"}) == 0);
  BOOST_TEST(scene.out.str() == "migration.kubectl-migrate.dev/orders-x7k2p\n");
  scene.out.str("");
  BOOST_TEST(scene.run({"list", "-o", "json"}) == 0);
  const Json list = Json::parse(scene.out.str(), nullptr, false);
  BOOST_REQUIRE(!list.is_discarded());
  BOOST_TEST(list.at("kind") == "List");
  BOOST_TEST(list.at("items").at(0).at("kind") == "Migration");
}

BOOST_AUTO_TEST_CASE(one_that_makes_no_sense_does_not_hide_the_others) {
  Scene scene;
  scene.put(succeeded());
  Json broken = with_status(succeeded());
  broken["status"]["phase"] = 7;
  scene.cluster.put(migrations("shop", "broken"), broken);
  BOOST_TEST(scene.run({"list"}) == 0);
  check_says(scene.out.str(), "orders-x7k2p");
  check_says(scene.err.str(), "warning: read Migration shop/broken");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
