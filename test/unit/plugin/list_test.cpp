#include <atomic>

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

// Until all that is to happen has happened, and a look later; then the user goes. Streams are read after that only.
int watch(Scene& scene, const std::vector<std::string>& arguments) {
  std::atomic<bool> is_over = false;
  scene.cluster.then([&](const kube::EventSink&) -> kube::ApiResult<void> {
    is_over = true;
    return {};
  });
  scene.io.interrupted = [&] { return is_over.load(); };
  return scene.run(arguments);
}

}  // namespace

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
  BOOST_TEST(scene.err.str() == "No resources found in shop namespace.\n");
}

BOOST_AUTO_TEST_CASE(wide_has_more_columns_on_the_right) {
  Scene scene;
  Migration whole = succeeded();
  whole.status.reason = "Done";
  scene.put(whole);
  BOOST_TEST(scene.run({"list", "-o", "wide"}) == 0);
  BOOST_TEST(scene.out.str() ==
             "NAME           POD      FROM     TO       PHASE       GAP       AGE   STRATEGY   FREEZE    TOTAL     "
             "BYTES       REASON\n"
             "orders-x7k2p   orders   node-a   node-b   Succeeded   0.812 s   12h   Stop       0.604 s   2.310 s   "
             "106.0 MiB   Done\n");
}

BOOST_AUTO_TEST_CASE(labels_choose) {
  Scene scene;
  scene.put(succeeded());
  Migration labelled = succeeded();
  labelled.name = "labelled-abcde";
  Json object = with_status(labelled);
  object["metadata"]["labels"] = {{"team", "shop"}};
  scene.cluster.put(migrations("shop", labelled.name), object);
  BOOST_TEST(scene.run({"list", "-l", "team=shop", "-o", "name"}) == 0);
  BOOST_TEST(scene.out.str() == "migration.kubectl-migrate.dev/labelled-abcde\n");
}

BOOST_AUTO_TEST_CASE(a_jsonpath_is_of_the_whole_list_and_its_mistakes_are_told) {
  Scene scene;
  scene.put(succeeded());
  BOOST_TEST(scene.run({"list", "-o", "jsonpath={.items[*].status.gapMs}"}) == 0);
  BOOST_TEST(scene.out.str() == "812");
  Scene wrong;
  BOOST_TEST(wrong.run({"list", "-o", "jsonpath={.items[0].kind}"}) == 1);
  check_says(wrong.err.str(), "error: error executing jsonpath");
  check_says(wrong.err.str(), "array index out of bounds: index 0, length 0");
}

BOOST_AUTO_TEST_CASE(watched_it_goes_on_with_a_row_for_each_change) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  scene.then(succeeded());
  scene.cluster.then_goes(migrations("shop", "orders-x7k2p"));
  BOOST_TEST(watch(scene, {"list", "-w"}) == 130, scene.err.str());
  // The deletion shows it as it was last, as kubectl does.
  BOOST_TEST(scene.out.str() ==
             "NAME           POD      FROM     TO       PHASE     GAP   AGE\n"
             "orders-x7k2p   orders   node-a   node-b   Placing   -     12h\n"
             "orders-x7k2p   orders   node-a   node-b   Succeeded   0.812 s   12h\n"
             "orders-x7k2p   orders   node-a   node-b   Succeeded   0.812 s   12h\n");
}

BOOST_AUTO_TEST_CASE(watched_documents_are_a_stream_of_objects) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  scene.then(succeeded());
  BOOST_TEST(watch(scene, {"list", "-w", "-o", "jsonpath={.status.phase};"}) == 130);
  BOOST_TEST(scene.out.str() == "Placing;Succeeded;");
  Scene yaml;
  yaml.put(migration_in(Phase::placing));
  yaml.then(succeeded());
  BOOST_TEST(watch(yaml, {"list", "-w", "-o", "yaml"}) == 130);
  check_says(yaml.out.str(), "phase: Placing\n");
  check_says(yaml.out.str(), "\n---\napiVersion: kubectl-migrate.dev/v1alpha1\n");
}

BOOST_AUTO_TEST_CASE(what_may_not_be_watched_is_an_error) {
  Scene scene;
  scene.cluster.forbid("watch migrations");
  BOOST_TEST(scene.run({"list", "-w"}) == 1);
  check_says(scene.err.str(), "Error from server (Forbidden): ");
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
