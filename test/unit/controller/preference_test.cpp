// The nodes that a Pod's user prefers: what people are told of them, and that the wish goes along.
#include "extender/controller/preference.h"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/scene.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;

struct Row {
  const char* annotation;
  const char* malformed;  // a part of it; empty: it is read
  const char* unknown;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << "\"" << row.annotation << "\"";
}
// The agents of node-a to node-c have reported.
const std::vector<Row> kRows{
    {"", "", ""},
    {"node-b", "", ""},
    {"node-c, node-b", "", ""},
    {"node-b, node-x", "", "names node-x, from where no migrate-agent has reported"},
    {"node-x,node-y", "", "names node-x, node-y, from where"},
    {"disk=ssd", "Pod shop/orders: annotation kubectl-migrate.dev/prefer-nodes is passed over: 'disk=ssd' is no node's",
     ""},
    {"node-x,,node-b", "'' is no node's name; it wants names with commas between them, such as node-b,node-c", ""},
};

bool says(const std::string& text, const std::string& part) {
  return part.empty() ? text.empty() : text.find(part) != std::string::npos;
}

void prefer(Scene& scene, const std::string& nodes) {
  scene.cluster.change(Scene::pod("orders"),
                       [&](Json& object) { object["metadata"]["annotations"][kPreferNodesAnnotation] = nodes; });
}

bool is_told(const MigrationStatus& status, const std::string& part) {
  return std::any_of(status.warnings.begin(), status.warnings.end(),
                     [&](const std::string& one) { return says(one, part); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(preference)

BOOST_DATA_TEST_CASE(what_of_it_is_not_followed_is_told, data::make(kRows), row) {
  Json pod = samples::pod();
  pod["metadata"]["annotations"][kPreferNodesAnnotation] = row.annotation;
  const auto has_reported = [](const std::string& node) { return node >= "node-a" && node <= "node-c"; };
  BOOST_TEST(says(malformed_preference(pod), row.malformed), malformed_preference(pod));
  BOOST_TEST(says(unknown_preference(pod, has_reported), row.unknown), unknown_preference(pod, has_reported));
}

BOOST_AUTO_TEST_CASE(without_the_annotation_nothing_is_told) {
  BOOST_TEST(malformed_preference(samples::pod()) == "");
  BOOST_TEST(unknown_preference(samples::pod(), [](const std::string&) { return false; }) == "");
}

// The placeholder is what the scheduler places, the target what is moved the next time.
BOOST_AUTO_TEST_CASE(placeholder_and_target_carry_it) {
  Json pod = samples::pod();
  pod["metadata"]["annotations"][kPreferNodesAnnotation] = "node-b";
  const TargetPlan plan{"orders-mig-abcde", {kSchedulerName}};
  for (const Json& made :
       {placeholder_pod(pod, samples::migration(), plan), target_pod(pod, samples::migration(), plan)})
    BOOST_TEST(made["metadata"]["annotations"][kPreferNodesAnnotation] == "node-b");
}

BOOST_AUTO_TEST_CASE(a_dry_run_warns_and_refuses_nothing) {
  for (const char* nodes : {"Node B", "node-x"}) {
    Scene scene;
    scene.unreported = {"node-x"};
    scene.edit([](Json& object) { object["spec"]["dryRun"] = true; });
    prefer(scene, nodes);
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == "Planned", status.message);
    BOOST_TEST(is_told(status, kPreferNodesAnnotation), nodes);
    BOOST_TEST(scene.events.reasons.empty());
  }
}

BOOST_AUTO_TEST_CASE(of_a_migration_that_begins_a_malformed_one_is_an_event_too) {
  struct Case {
    const char* nodes;
    bool is_event;
  };
  for (const auto& [nodes, is_event] : {Case{"Node B", true}, {"node-b", false}}) {
    Scene scene;
    prefer(scene, nodes);
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
    BOOST_TEST(is_told(status, kPreferNodesAnnotation) == is_event, nodes);
    const auto& told = scene.events.reasons;
    BOOST_TEST(std::count(told.begin(), told.end(), "MigrationPreferenceIgnored") == (is_event ? 1 : 0), nodes);
  }
}

BOOST_AUTO_TEST_SUITE_END()
