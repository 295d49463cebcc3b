#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

const kube::ResourcePath kPath = migrations("shop", "orders-x7k2p");

Json spec_of(const Scene& scene) {
  const Json* object = scene.cluster.find(kPath);
  BOOST_REQUIRE(object != nullptr);
  return object->at("spec");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(deciding)

BOOST_AUTO_TEST_CASE(an_abort_that_ends_in_a_rollback_is_a_success) {
  Scene scene;
  scene.put(migration_in(Phase::transferring));
  scene.then(migration_in(Phase::rolled_back));
  BOOST_TEST(scene.run({"abort", "orders-x7k2p"}) == 0, scene.err.str());
  check_says(scene.out.str(), "Pod shop/orders runs on node-a as before");
  BOOST_TEST(scene.cluster.written.front() == "patch migrations.kubectl-migrate.dev \"orders-x7k2p\" in shop");
}

BOOST_AUTO_TEST_CASE(an_abort_without_waiting_only_asks) {
  Scene scene;
  scene.put(migration_in(Phase::transferring));
  BOOST_TEST(scene.run({"abort", "orders-x7k2p", "--no-wait"}) == 0);
  BOOST_TEST(scene.out.str() == "migration.kubectl-migrate.dev/orders-x7k2p abort asked for\n");
  BOOST_TEST(spec_of(scene).at("abort") == true);
}

BOOST_AUTO_TEST_CASE(an_abort_that_came_too_late_is_none) {
  Scene scene;
  scene.put(migration_in(Phase::committing));
  scene.then(succeeded());
  BOOST_TEST(scene.run({"abort", "orders-x7k2p"}) == 1);
  check_says(scene.err.str(), "it came too late");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_aborted_is_not_touched) {
  const std::tuple<Phase, int, std::string> cases[] = {{Phase::restoring, 1, "is past its commit"},
                                                       {Phase::succeeded, 1, "there is nothing to abort"},
                                                       {Phase::failed, 1, "there is nothing to abort"},
                                                       {Phase::in_doubt, 6, "an abort does not decide this"},
                                                       {Phase::rolled_back, 0, ""},
                                                       {Phase::refused, 0, ""}};
  for (const auto& [phase, code, says] : cases) {
    BOOST_TEST_CONTEXT(to_string(phase)) {
      Scene scene;
      scene.put(migration_in(phase));
      BOOST_TEST(scene.run({"abort", "orders-x7k2p"}) == code, scene.err.str());
      check_says(scene.err.str(), says);
      BOOST_TEST(scene.cluster.written.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_decision_is_written_down_and_followed) {
  struct Case {
    std::vector<std::string> arguments;
    std::string word;
    Phase end;
  };
  const Case cases[] = {{{"resolve", "orders-x7k2p", "--keep", "source"}, "Source", Phase::rolled_back},
                        {{"resolve", "orders-x7k2p", "--keep", "target"}, "Target", Phase::succeeded},
                        {{"resume", "orders-x7k2p", "--from-checkpoint"}, "Checkpoint", Phase::succeeded}};
  for (const Case& one : cases) {
    BOOST_TEST_CONTEXT(one.word) {
      Scene scene;
      scene.put(migration_in(Phase::in_doubt));
      Migration decided = migration_in(Phase::repeating);
      scene.then(decided);
      scene.then(migration_in(one.end));
      BOOST_TEST(scene.run(one.arguments) == 0, scene.err.str());
      Scene asks_only;
      asks_only.put(migration_in(Phase::in_doubt));
      std::vector<std::string> arguments = one.arguments;
      arguments.emplace_back("--no-wait");
      BOOST_TEST(asks_only.run(arguments) == 0, asks_only.err.str());
      BOOST_TEST(spec_of(asks_only).at("resolve") == one.word);
    }
  }
}

BOOST_AUTO_TEST_CASE(back_in_doubt_after_a_decision_ends_the_wait) {
  Scene scene;
  scene.put(migration_in(Phase::in_doubt));
  Migration again = migration_in(Phase::repeating);
  again.spec.resolve = Resolution::from_checkpoint;
  scene.then(again);
  again.status.phase = Phase::in_doubt;
  scene.then(again);
  BOOST_TEST(scene.run({"resume", "orders-x7k2p", "--from-checkpoint"}) == 6);
  check_says(scene.err.str(), "error: In doubt");
}

BOOST_AUTO_TEST_CASE(a_live_migration_is_not_resumed_from_its_checkpoint) {
  Scene scene;
  Migration doubtful = migration_in(Phase::in_doubt);
  doubtful.status.strategy = Strategy::live;
  scene.put(doubtful);
  BOOST_TEST(scene.run({"resume", "orders-x7k2p", "--from-checkpoint"}) == 6);
  check_says(scene.err.str(), "what was replayed since then is in no archive");
  check_says(scene.err.str(), "--keep source");
  BOOST_TEST(scene.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(without_doubt_there_is_nothing_to_decide) {
  Scene scene;
  scene.put(migration_in(Phase::restoring));
  BOOST_TEST(scene.run({"resolve", "orders-x7k2p", "--keep", "source"}) == 1);
  check_says(scene.err.str(), "is not in doubt (phase Restoring)");
  BOOST_TEST(scene.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(a_patch_that_may_have_run_is_repeated) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  kube::ApiError lost = kube::local_error("cut off", kube::ApiError::Kind::connection);
  lost.may_have_run = true;
  scene.cluster.refuse("patch migrations", lost);
  BOOST_TEST(scene.run({"abort", "orders-x7k2p"}) == 1);
  BOOST_TEST(scene.cluster.written.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
