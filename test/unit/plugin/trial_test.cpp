#include "plugin/trial.h"

#include "test/unit/plugin/dry_run_scene.h"

namespace migrate::plugin {
namespace {

Json pod_of(DryRunScene& all) {
  return *all.scene.cluster.find(kube::pod("shop", "orders"));
}

Outcome<Seen> tried(DryRunScene& all, const Options& options = for_pod()) {
  return try_migration(all.session(), options, pod_of(all));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trials)

BOOST_AUTO_TEST_CASE(the_answer_is_waited_for_and_the_object_goes) {
  DryRunScene all;
  Options options = for_pod();
  options.to = "node-b";
  options.migration_name = "mine";
  options.gap_budget = 500ms;
  const auto answer = tried(all, options);
  BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
  BOOST_TEST((answer->migration.status.phase == Phase::planned));
  BOOST_REQUIRE(all.asked.size() == 1U);
  const Migration& asked = all.asked.front();
  BOOST_TEST(asked.name == "orders-bbbbb", "a name of its own: the one that is given is for the real one");
  BOOST_TEST(asked.spec.target_node == "node-b");
  BOOST_TEST((asked.spec.gap_budget == 500ms && asked.spec.ttl_after_finished == 5min));
  const std::vector<std::string> wanted = {"dry-run create migrations.kubectl-migrate.dev \"orders-bbbbb\" in shop",
                                           "create migrations.kubectl-migrate.dev \"orders-bbbbb\" in shop",
                                           "delete migrations.kubectl-migrate.dev \"orders-bbbbb\" in shop"};
  BOOST_TEST(all.scene.cluster.written == wanted, boost::test_tools::per_element());
  all.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(what_the_server_would_not_admit_is_not_made) {
  DryRunScene all;
  all.scene.cluster.forbid("create migrations");
  const auto answer = tried(all);
  BOOST_REQUIRE(!answer);
  check_says(answer.error().message, "kubectl auth can-i create migrations.kubectl-migrate.dev -n shop");
  BOOST_TEST(all.scene.cluster.written.size() == 1U);
  BOOST_TEST(all.scene.cluster.written.front().starts_with("dry-run create"));
}

// It would begin the migration.
BOOST_AUTO_TEST_CASE(a_server_that_drops_the_word_is_asked_for_nothing) {
  DryRunScene all;
  all.scene.cluster.answer("create migrations", [](Json asked) {
    asked["spec"].erase("dryRun");
    return asked;
  });
  const auto answer = tried(all);
  BOOST_REQUIRE(!answer);
  check_says(answer.error().message, "does not know dry runs");
  BOOST_TEST(all.scene.cluster.written.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_controller_that_does_not_know_dry_runs_refuses_them) {
  DryRunScene all;
  all.controller = [](const Migration&) {
    MigrationStatus status;
    status.phase = Phase::refused;
    status.reason = "UnknownRisk";
    status.refusals = {{"UnknownRisk", "--accept=dry-run: there is no such risk; known are post-start", ""}};
    return std::optional{status};
  };
  const auto answer = tried(all);
  BOOST_REQUIRE(!answer);
  check_says(answer.error().message, "the controller is older than this plugin");
  all.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(nothing_is_left_whatever_happens) {
  struct Row {
    const char* name;
    std::function<void(DryRunScene&)> prepare;
    int code;
    const char* says;
  };
  const std::vector<Row> rows{
      {"nobody answers", [](DryRunScene& all) { all.controller = [](const Migration&) { return std::nullopt; }; }, 1,
       "no controller has taken it up within 30 s"},
      {"half an answer",
       [](DryRunScene& all) {
         all.controller = [](const Migration&) {
           MigrationStatus status;
           status.phase = Phase::preparing;
           return std::optional{status};
         };
       },
       1, "the controller has not finished (phase Preparing)"},
      {"interrupted",
       [](DryRunScene& all) {
         all.controller = [&](const Migration&) {
           all.scene.interrupted = true;
           return std::nullopt;
         };
       },
       130, "interrupted"},
      {"broken connection",
       [](DryRunScene& all) {
         all.scene.cluster.refuse("get migrations",
                                  kube::local_error("connection refused", kube::ApiError::Kind::connection));
       },
       1, "connection refused"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      DryRunScene all;
      row.prepare(all);
      const auto answer = tried(all);
      BOOST_REQUIRE(!answer);
      BOOST_TEST(answer.error().code == row.code);
      check_says(answer.error().message, row.says);
      all.check_nothing_left();
    }
  }
}

BOOST_AUTO_TEST_CASE(who_may_not_delete_leaves_it_to_its_time_and_who_cannot_is_told) {
  DryRunScene forbidden;
  forbidden.scene.cluster.forbid("delete migrations");
  BOOST_TEST(tried(forbidden).has_value());
  BOOST_TEST(forbidden.scene.err.str().empty(), forbidden.scene.err.str());

  DryRunScene broken;
  broken.scene.cluster.refuse("delete migrations",
                              kube::local_error("connection refused", kube::ApiError::Kind::connection));
  BOOST_TEST(tried(broken).has_value());
  check_says(broken.scene.err.str(), "warning: Migration shop/orders-bbbbb, the dry run, is left for 5 m");
}

BOOST_AUTO_TEST_CASE(what_somebody_deletes_is_no_answer) {
  DryRunScene all;
  all.controller = [&](const Migration& migration) -> std::optional<MigrationStatus> {
    BOOST_TEST(all.scene.cluster.remove(migrations("shop", migration.name), {}, {}).has_value());
    return std::nullopt;
  };
  const auto answer = tried(all);
  BOOST_REQUIRE(!answer);
  check_says(answer.error().message, "was deleted by somebody");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
