#include <algorithm>

#include "test/unit/agent/hop.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = AgentError::Kind;
using test::is_there;
using test::read_text;
using test::write_text;

BOOST_FIXTURE_TEST_SUITE(target_of_a_hop, Hop)

BOOST_AUTO_TEST_CASE(prepared_pulled_released) {
  prepare();
  BOOST_TEST((its().observe().folder == runtime::Observation::Folder::prepared));
  BOOST_TEST((state() == RestoreState::prepared));
  const PullFacts facts = good(pull());
  BOOST_TEST(facts.bytes.count == made[0].size.count + made[1].size.count);
  BOOST_TEST(!is_there(folder() / "go"));
  good(release());
  const auto seen = its().observe();
  BOOST_TEST((seen.go == runtime::Mark::this_boot && !seen.abort));
  BOOST_TEST(seen.expected.migration == "m-1");
  BOOST_TEST((read_text(folder() / "archive/checkpoint/pages-1.img") == from.runtime.memory));
  BOOST_TEST(read_text(node.places.empty_dir("pod-2", "scratch") / "note") == "kept");
  good(its().prepare_work());
}

BOOST_AUTO_TEST_CASE(what_was_not_prepared_or_pulled_is_not_released) {
  good(pull());
  fails(release(), Kind::precondition, "not prepared");
  prepare();
  fails(target->release(order(1, "m-2"), {pod("pod-2"), {"main"}, {}}), Kind::precondition, "another migration");
  good(release());
}

BOOST_AUTO_TEST_CASE(a_pod_of_another_migration_is_not_prepared_again) {
  prepare();
  fails(target->prepare(order(1, "m-2"), {pod("pod-2"), {"main"}, 1ms}), Kind::precondition, "another migration");
}

BOOST_AUTO_TEST_CASE(a_repeated_restore_takes_the_archive_from_the_pod_that_never_ran) {
  prepare();
  good(pull());
  good(release());
  mark("claimed");
  report(false);
  prepare("pod-3");
  good(release("pod-3"));
  BOOST_TEST(wire.reads == 2);
  BOOST_TEST((read_text(folder("pod-3") / "archive/checkpoint/pages-1.img") == from.runtime.memory));
  BOOST_TEST(is_there(folder("pod-2") / "abort"));
}

BOOST_AUTO_TEST_CASE(a_failed_restore_leaves_criu_s_log_in_ours_once) {
  prepare();
  good(pull());
  good(release());
  mark("claimed");
  report(false);
  write_text(folder() / "work/restore.log", "(00.1) Error: no such file\n");
  BOOST_TEST((state() == RestoreState::failed));
  BOOST_REQUIRE(node.log.fields.size() == 2U);
  BOOST_TEST(node.log.lines[0] == "migrate-runc said: CRIU failed");
  const LogFields wanted = {{"migration", "m-1"},
                            {"name", "shop/orders"},
                            {"container", "main"},
                            {"pod", "orders"},
                            {"file", "restore.log"},
                            {"part", "1/1"},
                            {"criuLog", "(00.1) Error: no such file\n"}};
  BOOST_TEST((node.log.fields[1] == wanted));
  // Who knows it already, and who knows nothing, as in a doubt.
  Call at_once;
  at_once.timeout = 0ms;
  good(target->states(pod("pod-2"), {"main"}, {RestoreState::failed}, at_once));
  good(target->states(pod("pod-2"), {"main"}, {}, at_once));
  BOOST_TEST(node.log.fields.size() == 2U);
}

// So that a support bundle has it: the file lies on the node, for root alone.
BOOST_AUTO_TEST_CASE(and_what_migrate_runc_said_of_it) {
  prepare();
  good(pull());
  good(release());
  mark("claimed");
  report(false);
  const auto said = [&](const char* migration, const char* message) {
    return runtime::own_log_line("error", message,
                                 {migration, {runtime::Identity::Kind::container, "pod-2", "shop/orders", "main", ""}},
                                 node.clock.time);
  };
  write_text(node.places.runtime_log, said("m-0", "of another") + said("m-1", "CRIU failed"));
  BOOST_TEST((state() == RestoreState::failed));
  BOOST_TEST((node.log.lines == std::vector<std::string>{"migrate-runc said: CRIU failed"}));
  const LogFields& told = node.log.fields.at(0);
  for (const auto& [key, value] : LogFields{{"migration", "m-1"}, {"name", "shop/orders"}, {"said", "error"}})
    BOOST_TEST(std::count(told.begin(), told.end(), std::pair{key, value}) == 1, key);
}

BOOST_AUTO_TEST_CASE(and_never_from_one_that_may_have_run) {
  prepare();
  good(pull());
  good(release());
  mark("claimed");
  prepare("pod-3");
  fails(release("pod-3"), Kind::refused, "may have come to life");
  BOOST_TEST(!is_there(folder("pod-3") / "go"));
}

BOOST_AUTO_TEST_CASE(unless_it_is_pulled_once_more) {
  prepare();
  good(pull());
  good(release());
  mark("claimed");
  report(std::nullopt);
  prepare("pod-3");
  good(pull());
  BOOST_TEST(wire.reads == 3);  // the volume is still there
  good(release("pod-3"));
  BOOST_TEST((read_text(folder("pod-3") / "archive/checkpoint/pages-1.img") == from.runtime.memory));
  BOOST_TEST((state() == RestoreState::failed));
}

BOOST_AUTO_TEST_CASE(clean_up_leaves_nothing_of_a_pod_that_never_ran) {
  prepare();
  good(pull());
  good(release());
  fs::create_directories(node.places.pods / "pod-2");
  good(target->clean_up(order()));
  BOOST_TEST(!is_there(node.places.target("m-1")));
  BOOST_TEST(!is_there(node.places.restore("pod-2")));
  good(target->clean_up(order()));
}

BOOST_AUTO_TEST_CASE(of_a_pod_that_lives_used_stays_until_the_pod_is_gone) {
  prepare();
  good(pull());
  good(release());
  mark("claimed");
  mark("used");
  good(target->clean_up(order()));
  BOOST_TEST(its().observe().used);
  BOOST_TEST(!is_there(folder() / "archive"));
  BOOST_TEST(!is_there(folder() / "claimed"));
  target->tend();
  BOOST_TEST(its().observe().used);
  fs::remove_all(node.places.pods / "pod-2");
  target->tend();
  BOOST_TEST(!is_there(node.places.restore("pod-2")));
}

BOOST_AUTO_TEST_CASE(where_the_kubelet_keeps_no_folders_nobody_is_taken_for_gone) {
  prepare();
  good(pull());
  good(release());
  mark("claimed");
  mark("used");
  fs::remove_all(node.places.pods);
  good(target->clean_up(order()));
  target->tend();
  BOOST_TEST(its().observe().used);
}

BOOST_AUTO_TEST_CASE(tending_touches_nothing_that_waits) {
  prepare();
  fs::remove_all(node.places.pods / "pod-2");  // the kubelet has not made it yet
  target->tend();
  BOOST_TEST((state() == RestoreState::prepared));
}

BOOST_AUTO_TEST_CASE(a_mark_that_a_full_disk_prevented_is_completed) {
  prepare();
  mark("claimed");
  node.run("c9", "main", "pod-2");
  write_text(folder() / "work/restore.log", "... Tasks resumed ...");
  target->tend();
  BOOST_TEST(!its().observe().used);  // it may still be at it
  node.clock.tick(3min);
  target->tend();
  BOOST_TEST(its().observe().used);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
