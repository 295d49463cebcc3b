#include "plugin/outcome.h"

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(outcomes)

BOOST_AUTO_TEST_CASE(exit_codes_by_phase) {
  const std::pair<Phase, int> wanted[] = {{Phase::succeeded, 0},   {Phase::failed, 1},   {Phase::refused, 3},
                                          {Phase::rolled_back, 4}, {Phase::in_doubt, 6}, {Phase::restoring, 0},
                                          {Phase::planned, 0}};
  for (const auto& [phase, code] : wanted)
    BOOST_TEST(exit_code_of(migration_in(phase)) == code, to_string(phase));
  Migration late = migration_in(Phase::rolled_back);
  late.status.reason = "TimedOut";
  BOOST_TEST(exit_code_of(late) == 5);
}

BOOST_AUTO_TEST_CASE(over_is_what_has_ended_or_waits_for_a_person) {
  BOOST_TEST(is_over(migration_in(Phase::refused)));
  BOOST_TEST(!is_over(migration_in(Phase::finishing)));
  Migration doubtful = migration_in(Phase::in_doubt);
  BOOST_TEST(is_over(doubtful));
  doubtful.spec.resolve = Resolution::keep_target;
  BOOST_TEST(!is_over(doubtful));
}

BOOST_AUTO_TEST_CASE(verdicts_say_what_is_where_and_what_to_do) {
  BOOST_TEST(verdict(succeeded()) == "Pod shop/orders continues as shop/orders-mig-ab12c on node-b (from node-a).");
  Migration kept = succeeded();
  kept.status.target.pod = "orders";
  BOOST_TEST(verdict(kept) == "Pod shop/orders continues on node-b (from node-a).");
  Migration refused = migration_in(Phase::refused);
  refused.status.reason = "HostPath";
  refused.status.message = "volume data is a hostPath.";
  BOOST_TEST(verdict(refused) ==
             "Refused: HostPath: volume data is a hostPath.\nNothing was touched: Pod shop/orders runs on node-a.");
  BOOST_TEST(verdict(migration_in(Phase::planned)) ==
             "Planned: nothing speaks against migrating Pod shop/orders.\nNothing was touched: it runs on node-a.");
  BOOST_TEST(
      verdict(migration_in(Phase::rolled_back)) ==
      "Rolled back: no reason was given.\nPod shop/orders runs on node-a as before, and nothing is left behind.");
  Migration lost = migration_in(Phase::rolled_back);
  lost.status.message = "aborted on request";
  set_condition(lost.status, {"SourceLost", true, "ContainersGone", "the frozen source was lost", at(1ms)});
  BOOST_TEST(verdict(lost) ==
             "Rolled back: aborted on request.\nPod shop/orders is not as before: the frozen source was lost.\nNothing "
             "else is left behind.");
  BOOST_TEST(exit_code_of(lost) == 4);
  check_says(verdict(migration_in(Phase::failed)), "kubectl migrate describe orders-x7k2p -n shop");
  const std::string doubt = verdict(migration_in(Phase::in_doubt));
  check_says(doubt, "kubectl migrate resolve orders-x7k2p -n shop --keep target");
  check_says(doubt, "kubectl migrate resolve orders-x7k2p -n shop --keep source");
  check_says(doubt, "kubectl migrate resume orders-x7k2p -n shop --from-checkpoint");
  check_says(doubt, "Whether the target has run cannot be found out");
  Migration deaf = migration_in(Phase::in_doubt);
  deaf.status.strategy = Strategy::sequential;
  deaf.status.reason = "ReplayNotStarted";
  check_says(verdict(deaf), "The target runs and does not replay");
  check_says(verdict(deaf), "--from-checkpoint");
  Migration dead = deaf;
  dead.status.reason = "TargetDied";
  check_says(verdict(dead), "What the target had in memory is lost, so a person decides");
  Migration slow = migration_in(Phase::in_doubt, {step(Phase::switching, 0ms, 12ms), step(Phase::in_doubt, 12ms, {})});
  slow.status.reason = "ReplayNotFinished";
  check_says(verdict(slow), "The target has not come to the end of its replay");
  slow.status.strategy = Strategy::live;
  check_says(verdict(slow), "The target has not come to the end of its replay");
  Migration renamed = migration_in(Phase::in_doubt);
  renamed.spec.keep_name = true;
  BOOST_TEST(verdict(renamed).find("--keep source") == std::string::npos, verdict(renamed));
  renamed.status.reason = "TargetDeleted";
  renamed.deleting = true;
  check_says(verdict(renamed), "it ends as failed: the archives are given up");
  Migration removed = migration_in(Phase::in_doubt);
  removed.status.conditions = {{"SourceGone", false, "PodRemoved", "its Pod was removed", Instant{}}};
  BOOST_TEST(verdict(removed).find("--keep source") == std::string::npos, verdict(removed));
  check_says(verdict(removed), "--keep target");
  check_says(verdict(removed), "--from-checkpoint");
}

// What could not be carried out is not offered.
BOOST_AUTO_TEST_CASE(a_doubt_offers_what_there_is_to_decide) {
  struct Row {
    const char* what;
    Strategy strategy;
    bool target_gone;
    bool source_gone;
    std::vector<std::string> offered;
    std::vector<std::string> not_offered;
  };
  const std::string target = "--keep target    the target continues";
  const std::string source = "--keep source    the source continues";
  const std::string resume = "resume orders-x7k2p -n shop --from-checkpoint";
  for (const Row& row : std::vector<Row>{{"stop", Strategy::stop, false, false, {target, source, resume}, {}},
                                         {"stop, no target", Strategy::stop, true, false, {source, resume}, {target}},
                                         {"stop, no Pod", Strategy::stop, true, true, {resume}, {target, source}},
                                         {"live", Strategy::live, false, false, {target, source}, {"resume"}},
                                         {"live, no source", Strategy::live, false, true, {target}, {source, "resume"}},
                                         {"live, no Pod", Strategy::live, true, true, {"ends as failed"}, {"resume"}}})
    BOOST_TEST_CONTEXT(row.what) {
      Migration doubtful = migration_in(Phase::in_doubt);
      doubtful.status.strategy = row.strategy;
      if (row.target_gone) doubtful.status.reason = "TargetDeleted";
      if (row.source_gone) doubtful.status.conditions = {{"SourceGone", false, "PodRemoved", "", Instant{}}};
      const std::string text = verdict(doubtful);
      for (const std::string& one : row.offered)
        check_says(text, one);
      for (const std::string& one : row.not_offered)
        BOOST_TEST(text.find(one) == std::string::npos, text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
