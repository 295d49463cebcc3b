#include "shared/migration/node_facts.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <vector>

#include "shared/migration/version.h"

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
  facts.restore_via_create = false;
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

BOOST_AUTO_TEST_CASE(restores_from_images_depend_on_runtime_version_and_switch) {
  struct Row {
    const char* runtime;
    const char* version;
    std::optional<bool> switched;
    const char* says;  // empty: it can
  };
  const std::vector<Row> rows{
      {"containerd", "2.1.9", std::nullopt, ""},
      {"containerd", "2.3.7", true, ""},
      {"containerd", "2.3.7", false, "enable_experimental_restore_via_create = true"},
      {"containerd", "2.3.7", false, "/etc/containerd/config.toml"},
      {"containerd", "2.0.5", std::nullopt, "versions 2.1 to 2.3 can"},
      {"containerd", "1.7.27", std::nullopt, "cannot restore"},
      {"containerd", "2.4.0", true, "any more"},
      {"containerd", "", std::nullopt, "cannot restore"},
      {"cri-o", "1.34.0", std::nullopt, "only containerd"},
  };
  for (const Row& row : rows) {
    NodeFacts facts;
    facts.node = "node-a";
    facts.runtime = row.runtime;
    facts.runtime_version = row.version;
    facts.restore_via_create = row.switched;
    const std::string trouble = image_restore_trouble(facts);
    BOOST_TEST(trouble.empty() == std::string(row.says).empty(), trouble);
    BOOST_TEST(trouble.find(row.says) != std::string::npos, trouble);
  }
}

BOOST_AUTO_TEST_CASE(versions_of_what_is_installed) {
  BOOST_TEST((parse_version("4.2.1") == Version{4, 2, 1}));
  BOOST_TEST((parse_version("v4.2") == Version{4, 2, 0}));
  BOOST_TEST((parse_version("4.10.0~deb1") > Version{4, 2, 9}));
  BOOST_TEST((parse_version("4.2-rc1") == Version{4, 2, 0}));
  BOOST_TEST((parse_version("") == Version{}));
  BOOST_TEST((parse_version("none") == Version{}));
}

BOOST_AUTO_TEST_SUITE_END()
