#include "shared/migration/node_facts.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace migrate;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(node_facts)

BOOST_AUTO_TEST_CASE(come_back_as_they_were_written) {
  NodeFacts facts;
  facts.node = "node-a";
  facts.address = "10.0.0.1:10960";
  facts.agent_version = "0.1.0";
  facts.heartbeat = Instant{Microseconds{1'741'064'767'000'012}};
  facts.runtime = "containerd";
  facts.runtime_version = "2.3.7";
  facts.has_handler = true;
  facts.can_checkpoint_directly = true;
  facts.criu = "4.2.1";
  facts.kernel = "6.18.5";
  facts.architecture = "amd64";
  facts.cpu_features = {"avx", "sse2"};
  facts.free_disk = 512_MiB;
  facts.boot_id = "b";
  const auto read = parse_node_facts(to_json(facts));
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().message));
  BOOST_TEST(to_json(*read) == to_json(facts));
  BOOST_TEST(read->node == "node-a");
  BOOST_TEST((read->heartbeat == facts.heartbeat));
  BOOST_TEST((read->free_disk == facts.free_disk));
  BOOST_TEST(to_json(facts)["facts"]["heartbeat"] == "2025-03-04T05:06:07.000012Z");
}

BOOST_AUTO_TEST_CASE(an_object_without_facts_is_a_node_whose_agent_is_not_alive) {
  const auto read = parse_node_facts(Json{{"metadata", {{"name", "node-a"}}}});
  BOOST_REQUIRE(read);
  BOOST_TEST(!read->has_handler);
  BOOST_TEST(read->heartbeat.time_since_epoch().count() == 0);
}

BOOST_AUTO_TEST_CASE(an_error_names_node_and_field) {
  const auto read = parse_node_facts(Json{{"metadata", {{"name", "node-a"}}}, {"facts", {{"freeDisk", -1}}}});
  BOOST_REQUIRE(!read);
  BOOST_TEST(read.error().message == "MigrationNode node-a: facts.freeDisk: -1 where no negative number can stand");
}

BOOST_AUTO_TEST_SUITE_END()
