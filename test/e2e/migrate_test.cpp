// kubectl migrate as users call it: a consumer under load is moved in every way there is, and one audit at the end says
// whether anything was lost, repeated or reordered on all of it.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "test/e2e/node_under_pressure.h"
#include "test/e2e/scene.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

// Made once; the cases move its consumer on from where the one before left it.
struct Started {
  Scene scene{"migrate"};
  Started() { scene.start(Scene::consumer_on("node-a")); }
};

Scene& scene() {
  static Started made;
  return made.scene;
}

std::string name_of(const Json& migration) {
  return migration.at("metadata").at("name").get<std::string>();
}

std::string phase_of(const Json& migration) {
  return migration.at("status").at("phase").get<std::string>();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Succeeded, with all that an account is made of.
void check_account(const Scene::Move& move) {
  const Json& status = move.migration.at("status");
  BOOST_TEST(phase_of(move.migration) == "Succeeded");
  for (const char* word : {"Gap", "Freeze", "Bytes", "Total", "Phases"})
    BOOST_TEST(has(move.told, word), "the account has no " << word << ":\n" << move.told);
  BOOST_TEST(status.at("gapMs").get<std::int64_t>() > 0);
  BOOST_TEST(status.at("checkpoint").at("freezeMs").get<std::int64_t>() > 0);
  BOOST_TEST(status.at("checkpoint").at("bytes").get<std::int64_t>() > 20 << 20);
  BOOST_TEST_MESSAGE(name_of(move.migration) << ": gap " << status.at("gapMs") << " ms\n" << move.told);
}

Json started(const Words& words) {
  Words all{scene().consumer()};
  all.insert(all.end(), words.begin(), words.end());
  all.insert(all.end(), {"--no-wait", "-o", "json"});
  const auto begun = scene().stage().plugin(all);
  BOOST_REQUIRE_MESSAGE(begun.succeeded(), text_of(begun));
  return Json::parse(begun.output);
}

std::size_t count_of(const std::string& resource) {
  return scene().cluster().get({resource, "-n", scene().stage().ns().name()}).at("items").size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(migrating)

BOOST_AUTO_TEST_CASE(a_consumer_under_load_moves_and_back_and_the_account_is_told) {
  check_account(scene().move({"--to", "node-b"}));
  BOOST_TEST(scene().node() == "node-b");
  BOOST_TEST(scene().consumer().starts_with("orders-mig-"), scene().consumer());
  const std::string first = scene().consumer();
  // A migrated Pod can be migrated again, and its name does not grow.
  const auto back = scene().move({"--to", "node-a"});
  check_account(back);
  BOOST_TEST(scene().node() == "node-a");
  BOOST_TEST(scene().consumer().size() == first.size());
  scene().stage().check_nothing_left(name_of(back.migration));
}

BOOST_AUTO_TEST_CASE(without_a_node_the_scheduler_chooses_another_one) {
  const std::string before = scene().node();
  check_account(scene().move({"--node-selector", "kubernetes.io/hostname=" + scene().other_node()}));
  BOOST_TEST(scene().node() != before);
  const std::string then = scene().node();
  const auto free = scene().move({});
  BOOST_TEST(scene().node() != then);
  scene().stage().check_nothing_left(name_of(free.migration));
  if (scene().node() == "node-c") check_account(scene().move({"--to", "node-a"}));
}

BOOST_AUTO_TEST_CASE(both_ways_to_checkpoint_carry_it) {
  for (const char* backend : {"kubelet", "direct"}) {
    const auto move = scene().move({"--to", scene().other_node(), "--checkpoint", backend});
    check_account(move);
    const auto used = move.migration.at("status").at("checkpoint").at("backend").get<std::string>();
    BOOST_TEST(used == (backend == std::string{"kubelet"} ? "Kubelet" : "Direct"));
    scene().stage().check_nothing_left(name_of(move.migration));
  }
}

BOOST_AUTO_TEST_CASE(a_name_is_kept) {
  const std::string name = scene().consumer();
  const auto uid = scene().stage().pod(name).at("metadata").at("uid").get<std::string>();
  const std::string to = scene().other_node();
  const auto move = scene().move({"--to", to, "--keep-name"});
  check_account(move);
  BOOST_TEST(scene().consumer() == name);
  BOOST_TEST(scene().node() == to);
  BOOST_TEST(scene().stage().pod(name).at("metadata").at("uid") != uid);
  scene().stage().check_nothing_left(name_of(move.migration));
}

BOOST_AUTO_TEST_CASE(without_waiting_it_goes_on_and_can_be_followed_listed_and_described) {
  const Json begun = started({"--to", scene().other_node()});
  const std::string name = name_of(begun);
  const auto followed = scene().stage().plugin({"status", name});
  scene().stage().require(followed.succeeded(), "kubectl-migrate status: " + text_of(followed), name);
  BOOST_TEST(has(followed.output + followed.errors, "Gap"), text_of(followed));
  scene().follow(scene().stage().migration(name));

  const auto listed = scene().stage().plugin({"list"});
  BOOST_TEST(listed.succeeded(), text_of(listed));
  for (const std::string& part : {std::string{"PHASE"}, name, std::string{"Succeeded"}})
    BOOST_TEST(has(listed.output, part), listed.output << " has no " << part);
  const auto as_json = scene().stage().plugin({"list", "-o", "json"});
  BOOST_TEST(Json::parse(as_json.output).at("items").size() == count_of("migrations.kubectl-migrate.dev"));

  const auto described = scene().stage().plugin({"describe", name});
  BOOST_TEST(described.succeeded(), text_of(described));
  for (const char* part : {"Phase:", "Source:", "Target:", "Steps", "Checkpointing", "Archives", "sha256:", "Events"})
    BOOST_TEST(has(described.output, part), described.output << " has no " << part);
}

BOOST_AUTO_TEST_CASE(interrupted_it_detaches_and_killed_it_changes_nothing) {
  const migrate::test::TemporaryFolder folder;
  for (const int number : {SIGINT, SIGKILL}) {
    const std::string name = fmt::format("signal-{}", number);
    Background plugin{scene().stage().plugin_words({scene().consumer(), "--to", scene().other_node(), "--name", name}),
                      folder / name};
    scene().stage().await("Migration " + name + " to be there", name, [&] {
      return scene()
          .cluster()
          .run({"kubectl", "-n", scene().stage().ns().name(), "get", "migrations.kubectl-migrate.dev", name})
          .succeeded();
    });
    plugin.signal(number);
    const int code = plugin.wait();
    // It may have been done before the signal came.
    if (number == SIGINT && code != 0) {
      BOOST_TEST(code == 130);
      BOOST_TEST(has(plugin.errors(), "kubectl migrate status " + name), plugin.errors());
    }
    const Json ended = scene().stage().await_end(name);
    scene().stage().require(phase_of(ended) == "Succeeded", "it did not go on without its plugin", name);
    scene().follow(ended);
    scene().stage().check_nothing_left(name);
  }
}

BOOST_AUTO_TEST_CASE(aborted_before_its_commit_the_source_runs_on_and_nothing_is_left) {
  // The target waits for its node until it is aborted.
  const NodeUnderPressure busy{scene().cluster(), scene().other_node()};
  const std::string name = name_of(started({"--node-selector", busy.label()}));
  scene().stage().await("the target to wait for a node", name, [&] {
    return scene().stage().migration(name).value(Json::json_pointer{"/status/phase"}, "") == "Placing";
  });
  const auto aborted = scene().stage().plugin({"abort", name});
  scene().stage().require(aborted.succeeded(), "kubectl-migrate abort: " + text_of(aborted), name);
  BOOST_TEST(has(aborted.output, "Rolled back"), text_of(aborted));
  BOOST_TEST(phase_of(scene().stage().migration(name)) == "RolledBack");
  scene().check_runs_on(name);
  scene().stage().check_nothing_left(name);
  // Whoever follows it learns it by the exit code.
  BOOST_TEST(code_of(scene().stage().plugin({"status", name})) == 4);
  const auto again = scene().stage().plugin({"abort", name});
  BOOST_TEST(again.succeeded(), text_of(again));
}

BOOST_AUTO_TEST_CASE(a_target_that_finds_no_node_in_time_is_given_up) {
  const NodeUnderPressure busy{scene().cluster(), scene().other_node()};
  const auto late = scene().stage().plugin(
      {scene().consumer(), "--node-selector", busy.label(), "--timeout", "3s", "--name", "late"});
  scene().stage().require(code_of(late) == 5, "kubectl-migrate --timeout: " + text_of(late), "late");
  scene().check_runs_on("late");
  scene().stage().check_nothing_left("late");
}

BOOST_AUTO_TEST_CASE(a_dry_run_leaves_nothing) {
  const std::size_t migrations = count_of("migrations.kubectl-migrate.dev");
  const std::size_t pods = count_of("pods");
  for (const char* side : {"client", "server"}) {
    const auto tried = scene().stage().plugin(
        {scene().consumer(), "--to", scene().other_node(), std::string("--dry-run=") + side, "-o", "yaml"});
    BOOST_TEST(tried.succeeded(), text_of(tried));
    BOOST_TEST(has(tried.output, "kind: Migration"), tried.output);
    BOOST_TEST(has(tried.output, "\nkind: Pod\n") == (side == std::string{"server"}), tried.output);
  }
  BOOST_TEST(count_of("migrations.kubectl-migrate.dev") == migrations);
  BOOST_TEST(count_of("pods") == pods);
}

BOOST_AUTO_TEST_CASE(on_all_of_it_nothing_was_lost_repeated_or_reordered) {
  const Verdict verdict = scene().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_SUITE_END()
