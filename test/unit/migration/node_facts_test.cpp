#include "shared/migration/node_facts.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <vector>

#include "shared/migration/version.h"

using namespace migrate;
using Json = nlohmann::json;
using std::chrono::milliseconds;

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
  facts.criu_check = {false, "Error (criu/cr-check.c:1): no"};
  facts.criu_options_missing = {"tcp-close"};
  facts.kubelet_checkpoint = {KubeletCheckpoint::kForbidden, "it answered 403"};
  facts.kernel = "6.18.5";
  facts.architecture = "amd64";
  facts.cpu_features = {"avx", "sse2"};
  facts.free_disk = 512_MiB;
  facts.boot_id = "b";
  facts.held = {{"u-1", "shop/orders", kHeldFrozen, "p-1"}, {"u-2", "shop/carts", "", ""}};
  const auto read = parse_node_facts(to_json(facts));
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().message));
  BOOST_TEST(to_json(*read) == to_json(facts));
  BOOST_TEST(read->node == "node-a");
  BOOST_TEST((read->heartbeat == facts.heartbeat));
  BOOST_TEST((read->free_disk == facts.free_disk));
  BOOST_TEST((read->held == facts.held));
  BOOST_REQUIRE(read->criu_check);
  BOOST_TEST(!read->criu_check->ok);
  BOOST_TEST(read->criu_check->message == "Error (criu/cr-check.c:1): no");
  BOOST_TEST(read->criu_options_missing == std::vector<std::string>{"tcp-close"}, boost::test_tools::per_element());
  BOOST_REQUIRE(read->kubelet_checkpoint);
  BOOST_TEST(read->kubelet_checkpoint->state == "Forbidden");
  BOOST_TEST(read->kubelet_checkpoint->message == "it answered 403");
  BOOST_TEST(to_json(facts)["facts"]["heartbeat"] == "2025-03-04T05:06:07.000012Z");
}

BOOST_AUTO_TEST_CASE(an_object_without_facts_is_a_node_whose_agent_is_not_alive) {
  const auto read = parse_node_facts(Json{{"metadata", {{"name", "node-a"}}}});
  BOOST_REQUIRE(read);
  BOOST_TEST(!read->has_handler);
  // An agent of before these were asked for.
  BOOST_TEST(!read->criu_check);
  BOOST_TEST(!read->kubelet_checkpoint);
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

BOOST_AUTO_TEST_CASE(clocks_are_compared_by_the_write_that_both_dated) {
  struct Row {
    const char* heartbeat;
    const char* taken;
    std::optional<milliseconds> skew;
  };
  const std::vector<Row> rows{
      {"2026-01-01T12:00:00.000000Z", "2026-01-01T12:00:00Z", milliseconds{0}},
      {"2026-01-01T12:00:00.999999Z", "2026-01-01T12:00:00Z", milliseconds{0}},
      {"2026-01-01T12:00:02.499000Z", "2026-01-01T12:00:00Z", milliseconds{0}},
      {"2026-01-01T12:00:02.500000Z", "2026-01-01T12:00:00Z", milliseconds{2'000}},
      {"2026-01-01T11:59:58.501000Z", "2026-01-01T12:00:00Z", milliseconds{0}},
      {"2026-01-01T11:59:58.500000Z", "2026-01-01T12:00:00Z", milliseconds{-2'000}},
      {"2026-01-01T13:00:00.500000Z", "2026-01-01T12:00:00Z", milliseconds{3'600'000}},
      {"2026-01-01T12:00:00.000000Z", "yesterday", std::nullopt},
      {"", "2026-01-01T12:00:00Z", std::nullopt},
  };
  for (const Row& row : rows) {
    // Who else wrote to it did so at times of their own.
    const Json fields =
        Json::array({{{"manager", "kubectl"}, {"operation", "Update"}, {"time", "2020-01-01T00:00:00Z"}},
                     {{"manager", "migrate-agent"}, {"operation", "Apply"}, {"time", row.taken}},
                     {{"manager", "migrate-agent"}, {"operation", "Update"}, {"time", "2020-01-01T00:00:00Z"}}});
    const Json object{{"metadata", {{"name", "node-a"}, {"managedFields", fields}}},
                      {"facts", {{"heartbeat", row.heartbeat}}}};
    BOOST_TEST_CONTEXT(row.heartbeat << " taken at " << row.taken) {
      BOOST_TEST((clock_skew(object) == row.skew));
    }
  }
  BOOST_TEST(!clock_skew(Json{{"facts", {{"heartbeat", "2026-01-01T12:00:00Z"}}}}));
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
