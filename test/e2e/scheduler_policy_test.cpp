// What an administrator and a user choose about placing: preferred nodes, a client certificate for the scheduler, and
// whether the extender may be passed over. Each case goes on from the one before it.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "test/e2e/node_under_pressure.h"
#include "test/e2e/scheduler_scene.h"
#include "test/temporary_folder.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kExtender = "migrate-extender";
constexpr const char* kHint = "kubectl-migrate.dev/prefer-nodes";

SchedulerScene& world() {
  static SchedulerScene made{"scheduler-policy"};
  return made;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string behind(const std::string& node) {
  if (node == "node-a") return "node-b";
  return node == "node-b" ? "node-c" : "node-a";
}

void prefer(const std::string& nodes) {
  const SchedulerScene& w = world();
  w.cluster().kubectl({"-n", w.ns(), "annotate", "pod", kSleeper, "--overwrite", std::string(kHint) + "=" + nodes});
}

std::string in_place_of(std::string text, const std::string& old, const std::string& other) {
  const std::size_t at = text.find(old);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, old << " is not in\n" << text);
  return text.replace(at, old.size(), other);
}

// The cluster's own scheduler with another configuration until the end of the case, which must not leave a scheduler
// behind that places nothing.
class OtherConfiguration {
 public:
  OtherConfiguration(const Cluster& cluster, const std::string& before, const std::string& now) : cluster_(cluster) {
    migrate::test::write_text(folder_ / "before.yaml", before);
    migrate::test::write_text(folder_ / "now.yaml", now);
    cluster_.must({"scheduler-config", (folder_ / "now.yaml").string()});
  }
  ~OtherConfiguration() { end(); }
  OtherConfiguration(const OtherConfiguration&) = delete;
  OtherConfiguration& operator=(const OtherConfiguration&) = delete;

  void end() {
    if (std::exchange(is_over_, true)) return;
    BOOST_CHECK(cluster_.run({"scheduler-config", (folder_ / "before.yaml").string()}).succeeded());
  }

 private:
  const Cluster& cluster_;
  const migrate::test::TemporaryFolder folder_;
  bool is_over_ = false;
};

std::string main_configuration() {
  return world().cluster().on("control", {"cat", "/etc/kubernetes/scheduler.yaml"});
}

// Of Pods of the product, that the scheduler has tried to place them and could not.
bool are_left_waiting(const std::string& deployment) {
  const Json pods = world().cluster().get({"pods", "-n", kHome, "-l", "app.kubernetes.io/name=" + deployment});
  const auto is_left = [](const Json& pod) {
    const Json conditions = pod.at("status").value("conditions", Json::array());
    return std::any_of(conditions.begin(), conditions.end(),
                       [](const Json& one) { return one.at("type") == "PodScheduled" && one.at("status") == "False"; });
  };
  const Json& items = pods.at("items");
  return !items.empty() && std::all_of(items.begin(), items.end(), is_left);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_policy)

BOOST_AUTO_TEST_CASE(a_preferred_node_is_chosen_and_the_preference_goes_along) {
  const SchedulerScene& w = world();
  // Either of the two that there are to choose from, so that it is nobody's own liking.
  const std::string one = behind(w.node_of(kSleeper));
  prefer(one);
  w.move({});
  BOOST_TEST(w.node_of(kSleeper) == one);
  const std::string other = behind(behind(one));
  prefer(other);
  w.move({});
  BOOST_TEST(w.node_of(kSleeper) == other);
  BOOST_TEST(w.cluster().get({"pod", kSleeper, "-n", w.ns()}).at("metadata").at("annotations").value(kHint, "") ==
             other);
  // --to beats it.
  prefer(behind(other));
  w.move({"--to", behind(behind(other))});
  BOOST_TEST(w.node_of(kSleeper) == behind(behind(other)));
}

BOOST_AUTO_TEST_CASE(a_malformed_preference_is_passed_over_and_told) {
  const SchedulerScene& w = world();
  prefer("Node B");
  const auto checked = migrate_command(w.cluster(), {"check", kSleeper, "-n", w.ns()});
  BOOST_TEST(checked.succeeded(), checked.output << checked.errors);
  BOOST_TEST(says(checked.output, "is passed over: 'Node B' is no node's name"), checked.output);
  const auto tried = migrate_command(w.cluster(), {kSleeper, "-n", w.ns(), "--dry-run=server"});
  BOOST_TEST(tried.succeeded(), tried.output << tried.errors);
  BOOST_TEST(says(tried.output, kHint), tried.output);
  w.move({});
  eventually("an Event of the Pod about it",
             [&] { return says(w.events(kSleeper, "MigrationPreferenceIgnored"), "is no node's name"); });
  const std::string told = w.events(kSleeper, "MigrationPreferenceIgnored");
  BOOST_TEST(std::count(told.begin(), told.end(), '\n') == 1, told);
}

BOOST_AUTO_TEST_CASE(a_scheduler_with_a_client_certificate_is_answered) {
  const SchedulerScene& w = world();
  w.cluster().must({"install", "--client-certificate"});
  const std::string to = behind(w.node_of(kSleeper));
  w.move({"--to", to});
  BOOST_TEST(w.node_of(kSleeper) == to);
  w.make_pod("stranger", kOwnScheduler);
  w.cluster().wait_ready(w.ns(), "stranger");
}

BOOST_AUTO_TEST_CASE(one_without_is_not_and_its_pods_say_why_they_wait) {
  const SchedulerScene& w = world();
  w.cluster().must({"install"});
  const std::string deployment = std::string("deployment/") + kExtender;
  const auto patch = source_folder() / "manifests/components/client-certificate/extender.yaml";
  w.cluster().kubectl({"-n", kHome, "patch", deployment, "--patch-file", patch.string()});
  w.cluster().kubectl({"-n", kHome, "rollout", "status", deployment, "--timeout=120s"});
  w.make_pod("unknown", kOwnScheduler);
  eventually("the scheduler to say why it is not answered", [&] {
    return says(w.events("unknown", "FailedScheduling"), "it needs certFile and keyFile in its extender's tlsConfig");
  });
  BOOST_TEST(!w.is_placed("unknown"));
  w.cluster().kubectl({"-n", kHome, "rollout", "undo", deployment});
  w.cluster().kubectl({"-n", kHome, "rollout", "status", deployment, "--timeout=120s"});
  w.cluster().wait_ready(w.ns(), "unknown");
}

BOOST_AUTO_TEST_CASE(in_the_cluster_s_scheduler_an_extender_that_is_not_ignorable_stops_all_when_it_is_down) {
  const SchedulerScene& w = world();
  w.cluster().must({"install", "--scheduler", "main"});
  const std::string before = main_configuration();
  OtherConfiguration strict{w.cluster(), before, in_place_of(before, "ignorable: true", "ignorable: false")};
  w.make_pod("early", kDefaultScheduler);
  w.cluster().wait_ready(w.ns(), "early");  // it answers
  w.scale(kExtender, 0);
  w.make_pod("stuck", kDefaultScheduler);
  eventually("the scheduler to say that it cannot ask", [&] { return !w.events("stuck", "FailedScheduling").empty(); });
  // The extender's own Pods as well: nothing but another configuration heals that.
  w.cluster().kubectl({"-n", kHome, "scale", "deployment", kExtender, "--replicas=2"});
  eventually("the extender's own Pods to be left waiting", [&] { return are_left_waiting(kExtender); });
  BOOST_TEST(!w.is_placed("stuck"));
  strict.end();
  w.cluster().wait_ready(w.ns(), "stuck");
  w.scale(kExtender, 2);
}

BOOST_AUTO_TEST_CASE(
    one_that_is_ignorable_and_not_reached_lets_targets_go_anywhere_and_the_controller_takes_them_back) {
  const SchedulerScene& w = world();
  const std::string before = main_configuration();
  const OtherConfiguration deaf{w.cluster(), before, in_place_of(before, ":9443", ":9444")};
  const std::string at = w.node_of(kSleeper);
  w.make_pod("indifferent", kDefaultScheduler);
  w.cluster().wait_ready(w.ns(), "indifferent");
  const NodeUnderPressure busy{w.cluster(), at == "node-b" ? "node-a" : "node-b"};
  const auto moved = migrate_command(
      w.cluster(), {kSleeper, "-n", w.ns(), "--strategy", "stop", "--keep-name", "--node-selector", busy.label()});
  BOOST_TEST((moved.ending == migrate::Ending{migrate::Exited{4}}), to_string(moved.ending));
  BOOST_TEST(says(moved.output + moved.errors, "the target was placed on"), moved.output << moved.errors);
  BOOST_TEST(w.node_of(kSleeper) == at);
  w.cluster().wait_ready(w.ns(), kSleeper);
}

BOOST_AUTO_TEST_CASE(in_the_end_it_is_installed_as_usual) {
  const SchedulerScene& w = world();
  w.cluster().must({"install"});
  const std::string to = behind(w.node_of(kSleeper));
  w.move({"--to", to});
  BOOST_TEST(w.node_of(kSleeper) == to);
}

BOOST_AUTO_TEST_SUITE_END()
