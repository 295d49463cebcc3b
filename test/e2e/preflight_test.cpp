// As a new user does it where all is well: from `check` through `--dry-run=server` to a finished migration, which goes
// as it was forecast. What is broken: preflight_faults_test.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/broker_side.h"
#include "test/e2e/preflight_checks.h"
#include "test/e2e/queues_left.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

// Made once; the cases lead to the migration in the last one. The application tells how long a message takes, so that
// all strategies can be forecast.
struct Started {
  Scene scene{"preflight"};
  Started() {
    print_in_ascii();
    ConsumerSpec consumer = Scene::consumer_on("node-a");
    consumer.service_ms = 50;
    consumer.prefetch = 5;
    consumer.service_time = "50ms";
    scene.start(consumer, {.per_second = 5, .producers = 2, .count = 0});
    scene.wait_for_more(60);  // the broker has counted for some seconds
  }
};

Scene& scene() {
  static Started made;
  return made.scene;
}

migrate::Completed plugin(const Words& words) {
  return scene().stage().plugin(words);
}

void expect(const std::string& trouble) {
  BOOST_TEST(trouble.empty(), trouble);
}

// What the broker has of the consumer's: all queues, how its own is bound, who consumes it.
std::string broker_view() {
  const Cluster& cluster = scene().cluster();
  const std::string queue = scene().orders().queue();
  std::string text;
  for (const std::string& one : queues(cluster, ""))
    text += one + "\n";
  for (const std::string& one : consuming_connections(cluster, queue))
    text += one + "\n";
  return text + management(cluster, "GET", fmt::format("/queues/%2F/{}/bindings", queue));
}

std::vector<std::string> names_of(const Json& steps) {
  std::vector<std::string> names;
  for (const Json& one : steps)
    names.push_back(one.at("name").get<std::string>());
  return names;
}

const std::vector<std::string> kLiveSteps{"Preparing",    "Placing",    "Mirroring", "Checkpointing",
                                          "Transferring", "Shadowing",  "Replaying", "Freezing",
                                          "Draining",     "Committing", "Switching", "Finishing"};

// For whoever reads the test's log.
std::string compared(const char* what, const Json& forecast, const char* time, const char* range, const Json& was) {
  return fmt::format("{}: forecast {} ms ({}), was {} ms\n", what, forecast.at(time).dump(), forecast.at(range).dump(),
                     was.dump());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(preflight)

BOOST_AUTO_TEST_CASE(check_finds_nothing_wrong_with_the_cluster_and_the_pod) {
  const std::string pod = scene().consumer();
  const NothingTouched before{scene().stage(), pod};
  expect(trouble(plugin({"check"}), 0,
                 {{"ok   the Kubernetes API answers: Kubernetes v1."},
                  {"ok   a controller leads: "},
                  {"ok   Service migrate-extender has ready endpoints: "},
                  {"ok   the agent of node-a, node-b and node-c is alive"},
                  {"ok   runtime handler `migrate` on node-a, node-b and node-c"},
                  {"ok   you may create pods/exec in namespace preflight"},
                  {"Status check results are ok"}}));
  const auto done = plugin({"check", pod, "--to", "node-b"});
  BOOST_TEST_MESSAGE(done.output);
  expect(trouble(done, 0,
                 {{fmt::format("ok   the controller would migrate Pod preflight/{}: nothing speaks against it", pod)},
                  {"ok   the controller reaches the broker of Secret rabbitmq"},
                  {fmt::format("ok   what queue {} gets can be replayed", scene().orders().queue())},
                  {"ok   strategy "}}));
  const auto document = plugin({"check", pod, "--to", "node-b", "-o", "json"});
  BOOST_TEST(code_of(document) == 0, text_of(document));
  const Json read = Json::parse(document.output);
  BOOST_TEST(read.at("success") == true);
  std::string groups;
  for (const Json& one : read.at("categories"))
    groups += one.at("categoryName").get<std::string>() + " ";
  BOOST_TEST(groups == "kubernetes controller nodes namespace pod ");
  expect(before.trouble());
  scene().wait_for_more(1);
}

BOOST_AUTO_TEST_CASE(nodes_shows_every_node) {
  const auto done = plugin({"nodes"});
  BOOST_TEST_MESSAGE(done.output);
  expect(trouble(done, 0, {{"NAME "}, {"node-a "}, {"node-b "}, {"node-c "}}));
}

BOOST_AUTO_TEST_CASE(a_dry_run_tells_how_it_would_go_and_touches_nothing) {
  const std::string pod = scene().consumer();
  const NothingTouched before{scene().stage(), pod};
  const std::string broker = broker_view();
  const auto done = plugin({pod, "--to", "node-b", "--dry-run=server"});
  BOOST_TEST_MESSAGE(done.output);
  expect(trouble_of_words(done, 0,
                          {fmt::format("Dry run: Pod preflight/{}, node-a to node-b. Nothing was touched.", pod),
                           "\n  Strategy ", "\n  Gap ", "\n  Freeze ", "\n  Total ",
                           "\nOther strategies:", "\nSteps:", "\n  Preparing ", "\n  Committing ", "\n  Finishing "}));
  expect(before.trouble());
  scene().wait_for_more(1);
  BOOST_TEST(broker_view() == broker);
  BOOST_TEST(migrations_left(scene().stage()) == "");
}

BOOST_AUTO_TEST_CASE(a_gap_that_nothing_keeps_is_refused_with_the_numbers) {
  const std::string pod = scene().consumer();
  const std::string broker = broker_view();
  const Words words{pod, "--to", "node-b", "--gap-budget", "1ms"};
  const Words numbers{"GapBudget",
                      "no strategy that may be used keeps a gap of 1 ms",
                      "Live is forecast at ",
                      "Sequential is forecast at ",
                      "Stop is forecast at ",
                      "s to ",
                      "allow more by --gap-budget"};
  Words only_asked = words;
  only_asked.emplace_back("--dry-run=server");
  Words parts = numbers;
  parts.emplace_back("see docs/troubleshooting.md#gapbudget for hints");
  expect(trouble_of_words(plugin(only_asked), 3, parts));
  BOOST_TEST(migrations_left(scene().stage()) == "");
  Words named = words;
  named.insert(named.end(), {"--name", "impatient"});
  expect(trouble_of_words(plugin(named), 3, numbers));
  scene().check_runs_on("impatient");
  BOOST_TEST(broker_view() == broker);
}

BOOST_AUTO_TEST_CASE(where_no_node_will_do_a_dry_run_says_so) {
  const std::string pod = scene().consumer();
  const std::string before = migrations_left(scene().stage());
  const Words words{pod, "--node-selector", "nothing=here", "--dry-run=server"};
  expect(trouble_of_words(plugin(words), 3,
                          {"NoNode", "no node can take Pod preflight/" + pod, "does not have the label nothing=here"}));
  BOOST_TEST(migrations_left(scene().stage()) == before);
}

BOOST_AUTO_TEST_CASE(the_migration_goes_the_way_that_was_planned) {
  const Words words{"--to", "node-b", "--strategy", "live"};
  Words asked{scene().consumer()};
  asked.insert(asked.end(), words.begin(), words.end());
  asked.insert(asked.end(), {"--dry-run=server", "-o", "json"});
  const auto done = plugin(asked);
  BOOST_REQUIRE_MESSAGE(code_of(done) == 0, text_of(done));
  const Json planned = Json::parse(done.output).at("status");
  BOOST_TEST(planned.at("phase") == "Planned");

  const auto move = scene().move(words);
  const Json& status = move.migration.at("status");
  BOOST_TEST(names_of(planned.at("plan").at("steps")) == kLiveSteps, boost::test_tools::per_element());
  BOOST_TEST(names_of(status.at("plan").at("steps")) == kLiveSteps, boost::test_tools::per_element());
  BOOST_TEST(names_of(status.at("steps")) == kLiveSteps, boost::test_tools::per_element());
  // Forecast and fact stand side by side; how near they are is the benches' to say.
  for (const Json* forecast : {&planned.at("forecast"), &status.at("forecast")}) {
    for (const char* field :
         {"freezeMs", "gapMs", "totalMs", "freezeRange", "gapRange", "totalRange", "cutoff", "backlogAtCut", "bytes"})
      BOOST_TEST(forecast->contains(field), "no " << field << " in " << forecast->dump());
    BOOST_TEST_MESSAGE(compared("gap", *forecast, "gapMs", "gapRange", status.at("gapMs")) << compared(
                           "freeze", *forecast, "freezeMs", "freezeRange", status.at("checkpoint").at("freezeMs")));
  }
  BOOST_TEST(status.at("messages").contains("backlogAtCut"), status.at("messages").dump());
  scene().stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
  scene().wait_for_more(20);
  check_no_queues_left(scene().stage());
  const Verdict verdict = scene().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_SUITE_END()
