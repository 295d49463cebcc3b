#include "node/agent/source.h"

#include <thread>

#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;
using State = SourceState;

struct Fixture {
  Node node;
  std::unique_ptr<Source> source;

  Fixture() {
    node.run("c1", "main");
    node.run("c2", "side");
    restart();
  }
  void restart() { source = std::make_unique<Source>(node.source_parts()); }
  [[nodiscard]] static FreezeOrder to_freeze() { return {pod(), {"main", "side"}, "node-b", 30s}; }
  SourceRecord freeze() { return good(source->freeze(order(), to_freeze())); }
  void freeze_and_checkpoint() {
    freeze();
    good(source->keep_archives(order(), {{"main", Bytes{1}, "sha256:x"}}));
  }
  [[nodiscard]] std::string on_disk() const { return test::read_text(node.places.source("m-1") / "record.json"); }
  void on_disk_says(const std::string& state) const {
    BOOST_TEST(on_disk().find("\"state\":\"" + state + "\"") != std::string::npos, on_disk());
  }
  void paused(bool expected) {
    for (const auto& [id, container] : node.runtime.containers)
      BOOST_TEST(container.paused == expected, id);
  }
};

BOOST_FIXTURE_TEST_SUITE(source, Fixture)

BOOST_AUTO_TEST_CASE(frozen_is_on_the_disk_before_anything_is_paused) {
  node.runtime.at_asking = [&](const std::string& what) {
    if (what.rfind("pause", 0) == 0) on_disk_says("frozen");
  };
  const SourceRecord record = freeze();
  BOOST_TEST((record.state == State::frozen && record.frozen_at == node.clock.time));
  paused(true);
}

BOOST_AUTO_TEST_CASE(thawed_is_on_the_disk_before_anything_runs_again) {
  freeze();
  node.runtime.at_asking = [&](const std::string& what) {
    if (what.rfind("resume", 0) == 0) on_disk_says("thawed");
  };
  BOOST_TEST((good(source->thaw(order(), false)).state == State::thawed));
  paused(false);
}

BOOST_AUTO_TEST_CASE(when_one_cannot_be_paused_all_run_again) {
  node.runtime.fails["pause c2"] = "it is being stopped";
  fails(source->freeze(order(), to_freeze()), Kind::failed, "container side: it is being stopped");
  paused(false);
  BOOST_TEST((source->record(order()).state == State::thawed));
}

BOOST_AUTO_TEST_CASE(what_does_not_run_here_cannot_be_frozen) {
  node.runtime.containers.erase("c2");
  fails(source->freeze(order(), to_freeze()), Kind::precondition, "container side does not run here");
  paused(false);
  BOOST_TEST(!test::is_there(node.places.source("m-1") / "record.json"));
}

// As an order of a controller that told an instant by its own clock reads, too.
BOOST_AUTO_TEST_CASE(an_order_that_leaves_no_time_freezes_nothing) {
  FreezeOrder late = to_freeze();
  late.limit = 0ms;
  fails(source->freeze(order(), late), Kind::precondition, "no time is left");
  paused(false);
}

BOOST_AUTO_TEST_CASE(one_migration_at_a_time_holds_a_pod) {
  freeze();
  fails(source->freeze(order(1, "m-2"), to_freeze()), Kind::precondition, "frozen it already");
}

BOOST_AUTO_TEST_CASE(a_repeated_freeze_answers_and_takes_the_new_target) {
  freeze();
  node.runtime.asked.clear();
  FreezeOrder again = to_freeze();
  again.target_node = "node-c";
  BOOST_TEST((good(source->freeze(order(), again)).state == State::frozen));
  BOOST_TEST(node.runtime.asked.empty());
  BOOST_TEST(good(source->permitted(order(), SourceOrder::read)).target_node == "node-c");
}

BOOST_AUTO_TEST_CASE(a_repeated_freeze_does_not_prolong_it) {
  freeze();
  node.clock.tick(20s);
  FreezeOrder again = to_freeze();
  again.target_node = "node-c";
  BOOST_TEST((good(source->freeze(order(2), again)).state == State::frozen));
  restart();
  node.clock.tick(10s - 1us);
  (void)source->tend();
  paused(true);
  node.clock.tick(1us);
  (void)source->tend();
  paused(false);
}

BOOST_AUTO_TEST_CASE(nor_does_one_that_pauses_what_was_not_paused_yet) {
  freeze();
  node.clock.tick(20s);
  restart();  // which does not know any more that all were paused
  freeze();
  node.clock.tick(10s);
  (void)source->tend();
  paused(false);
}

BOOST_AUTO_TEST_CASE(commit_is_final) {
  freeze_and_checkpoint();
  BOOST_TEST((good(source->commit(order())).state == State::committed));
  on_disk_says("committed");
  BOOST_TEST((good(source->thaw(order(), false)).state == State::committed));
  node.clock.tick(1h);
  (void)source->tend();
  BOOST_TEST((good(source->commit(order())).state == State::committed));
  paused(true);
}

BOOST_AUTO_TEST_CASE(nothing_is_committed_without_a_checkpoint) {
  freeze();
  fails(source->commit(order()), Kind::precondition, "no checkpoint");
}

BOOST_AUTO_TEST_CASE(a_commit_at_the_deadline_is_too_late) {
  freeze_and_checkpoint();
  node.clock.tick(30s);
  const SourceRecord record = good(source->commit(order()));
  BOOST_TEST((record.state == State::thawed));
  BOOST_TEST(!record.message.empty());
  paused(false);
}

BOOST_AUTO_TEST_CASE(uncommitted_at_its_deadline_it_thaws_by_itself) {
  freeze();
  BOOST_TEST((source->tend() == node.clock.time + 30s));
  node.clock.tick(30s - 1us);
  (void)source->tend();
  paused(true);
  node.clock.tick(1us);
  (void)source->tend();
  paused(false);
  on_disk_says("thawed");
}

BOOST_AUTO_TEST_CASE(a_container_that_somebody_resumed_is_not_committed) {
  freeze_and_checkpoint();
  node.runtime.containers["c2"].paused = false;
  const SourceRecord record = good(source->commit(order()));
  BOOST_TEST((record.state == State::thawed));
  BOOST_TEST(record.message.find("side was resumed") != std::string::npos, record.message);
  paused(false);
}

BOOST_AUTO_TEST_CASE(a_container_that_was_started_anew_is_not_committed) {
  freeze_and_checkpoint();
  node.runtime.containers.erase("c1");
  node.run("c9", "main");
  BOOST_TEST(good(source->commit(order())).message.find("started anew") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_runtime_that_does_not_answer_commits_nothing) {
  freeze_and_checkpoint();
  node.runtime.fails["find main"] = "no answer";
  fails(source->commit(order()), Kind::failed, "no answer");
  BOOST_TEST((source->record(order()).state == State::frozen));
}

BOOST_AUTO_TEST_CASE(after_the_commit_it_thaws_only_when_the_target_never_ran) {
  freeze_and_checkpoint();
  good(source->commit(order()));
  BOOST_TEST((good(source->thaw(order(), true)).state == State::thawed));
  paused(false);
  BOOST_TEST((good(source->commit(order())).state == State::thawed));
}

BOOST_AUTO_TEST_CASE(and_only_while_its_containers_exist) {
  freeze_and_checkpoint();
  good(source->commit(order()));
  node.runtime.containers.erase("c1");
  fails(source->thaw(order(), true), Kind::refused, "main is gone");
  BOOST_TEST((source->record(order()).state == State::committed));
}

BOOST_AUTO_TEST_CASE(a_restarted_agent_goes_on) {
  freeze();
  restart();
  BOOST_TEST((source->record(order()).state == State::frozen));
  node.clock.tick(30s);
  (void)source->tend();
  paused(false);
}

BOOST_AUTO_TEST_CASE(a_restarted_agent_pauses_what_was_not_paused_yet) {
  freeze();
  node.runtime.containers["c2"].paused = false;
  restart();
  freeze();
  paused(true);
}

BOOST_AUTO_TEST_CASE(frozen_before_a_reboot_is_thawed_and_says_why) {
  freeze_and_checkpoint();
  node.boot_id = "boot-2";
  node.runtime.containers.clear();
  restart();
  const SourceRecord record = source->record(order());
  BOOST_TEST((record.state == State::thawed));
  BOOST_TEST(record.message.find("started anew") != std::string::npos);
  BOOST_TEST(record.lost.size() == 2U);
  good(source->clean_up(order()));
}

BOOST_AUTO_TEST_CASE(committed_before_a_reboot_stays_committed) {
  freeze_and_checkpoint();
  good(source->commit(order()));
  node.boot_id = "boot-2";
  restart();
  BOOST_TEST((source->record(order()).state == State::committed));
}

BOOST_AUTO_TEST_CASE(a_resume_that_fails_is_repeated_until_it_does_not) {
  freeze();
  node.runtime.fails["resume c1"] = "busy";
  fails(source->thaw(order(), false), Kind::failed, "tried again");
  fails(source->clean_up(order()), Kind::failed, "busy");
  BOOST_TEST((source->tend() <= node.clock.time + 1s));
  node.runtime.fails.clear();
  restart();
  (void)source->tend();
  paused(false);
  good(source->clean_up(order()));
}

BOOST_AUTO_TEST_CASE(what_a_checkpoint_paused_again_after_the_thaw_is_resumed_at_its_end) {
  freeze();
  auto at_work = source->checkpoint_at_work(order().migration);
  SourceRecord answer;
  std::jthread thaw{[&] { answer = good(source->thaw(order(), false)); }};
  while (node.runtime.is_paused("c1") || node.runtime.is_paused("c2"))
    std::this_thread::yield();
  good(node.runtime.pause("c1"));  // as a runtime leaves it whose checkpoint failed
  fails(source->clean_up(order()), Kind::refused, "checkpoint has not ended");
  at_work.reset();
  thaw.join();
  BOOST_TEST((answer.state == State::thawed));
  BOOST_TEST(!node.runtime.is_paused("c1"));
  good(source->clean_up(order()));
}

const std::vector<std::string> kMain{"main"};

BOOST_AUTO_TEST_CASE(a_container_that_is_gone_needs_no_thaw_and_is_told) {
  freeze();
  node.runtime.containers.erase("c1");
  const SourceRecord record = good(source->thaw(order(), false));
  BOOST_TEST((record.state == State::thawed));
  BOOST_TEST(record.lost == kMain, boost::test_tools::per_element());
  paused(false);
  restart();
  BOOST_TEST(source->record(order()).lost == kMain, boost::test_tools::per_element());
  BOOST_TEST(good(source->thaw(order(), false)).lost == kMain, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(so_it_is_when_it_was_started_anew_meanwhile) {
  freeze();
  node.runtime.containers.erase("c1");
  node.run("c9", "main");
  BOOST_TEST(good(source->thaw(order(), false)).lost == kMain, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_thaw_at_the_deadline_tells_of_it_too) {
  freeze();
  node.runtime.containers.erase("c1");
  node.clock.tick(30s);
  (void)source->tend();
  BOOST_TEST(source->record(order()).lost == kMain, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_runs_again_was_not_lost) {
  freeze();
  BOOST_TEST(good(source->thaw(order(), false)).lost.empty());
  node.runtime.containers.clear();  // ends later, of its own
  BOOST_TEST(good(source->thaw(order(), false)).lost.empty());
}

BOOST_AUTO_TEST_CASE(a_runtime_that_does_not_answer_is_no_loss) {
  freeze();
  node.runtime.fails["resume c1"] = "connection refused";
  node.runtime.fails["exists c1"] = "connection refused";
  fails(source->thaw(order(), false), Kind::failed, "tried again");
  BOOST_TEST(source->record(order()).lost.empty());
  node.runtime.fails.clear();
  node.runtime.containers.erase("c1");  // which is what the runtime's restart did
  (void)source->tend();
  BOOST_TEST(good(source->thaw(order(), false)).lost == kMain, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(frozen_is_not_cleaned_up) {
  freeze();
  fails(source->clean_up(order()), Kind::refused, "commit or thaw it first");
  good(source->thaw(order(), false));
  good(source->clean_up(order()));
  BOOST_TEST(!test::is_there(node.places.source("m-1")));
  BOOST_TEST((source->record(order()).state == State::none));
  good(source->clean_up(order()));
}

BOOST_AUTO_TEST_CASE(it_tells_when_the_source_is_gone) {
  fails(source->is_gone(order()), Kind::precondition);
  freeze();
  BOOST_TEST(!good(source->is_gone(order())));
  node.runtime.containers.clear();
  BOOST_TEST(good(source->is_gone(order())));
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_is_told_and_kept) {
  test::write_text(node.places.source("m-1") / "record.json", "{");
  restart();
  BOOST_TEST(!node.log.lines.empty());
  BOOST_TEST(on_disk() == "{");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
