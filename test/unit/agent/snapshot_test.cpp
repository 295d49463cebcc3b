#include <thread>

#include "node/agent/archives.h"
#include "shared/image/digest.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;
using State = SourceState;

struct Fixture {
  Node node;
  std::unique_ptr<Source> source;
  std::unique_ptr<Archives> archives;
  Call call;
  int frozen = 0;  // how often it was told that the deadline counts

  Fixture() {
    node.run("c1", "main");
    node.run("c2", "side");
    test::write_text(node.runtime.containers["c1"].upper / "tmp/file", "changed");
    test::write_text(node.places.empty_dir("pod-1", "scratch") / "note", "kept");
    restart();
  }
  void restart() {
    source = std::make_unique<Source>(node.source_parts());
    archives = std::make_unique<Archives>(node.source_parts(), "node-a", *source, node.kubelet);
  }
  [[nodiscard]] static FreezeOrder to_freeze(const std::string& target = "node-b") {
    return {pod(), {"main", "side"}, target, 30s};
  }
  AgentResult<Snapshot> ask(Backend backend = Backend::direct, const std::string& target = "node-b") {
    return archives->snapshot(order(), {to_freeze(target), {backend, {"scratch"}}}, call, [&] { ++frozen; });
  }
  [[nodiscard]] State state() const { return source->record(order()).state; }
  [[nodiscard]] std::string on_disk() const { return test::read_text(node.places.source("m-1") / "record.json"); }
  void on_disk_says(const std::string& state) const {
    BOOST_TEST(on_disk().find("\"state\":\"" + state + "\"") != std::string::npos, on_disk());
  }
  void paused(bool expected) {
    for (const auto& [id, container] : node.runtime.containers)
      BOOST_TEST(container.paused == expected, id);
  }
  std::string read(const std::string& name, const std::string& peer = "agent/node-b") {
    std::string bytes;
    call.peer = peer;
    good(archives->read(
        order(), name,
        [&](std::string_view piece) {
          bytes += piece;
          return true;
        },
        call));
    return bytes;
  }
  // Where `what` stands in the runtime's orders; they are all different here.
  [[nodiscard]] std::ptrdiff_t place_of(const std::string& what) const {
    const auto& asked = node.runtime.asked;
    const auto found = std::find(asked.begin(), asked.end(), what);
    BOOST_REQUIRE_MESSAGE(found != asked.end(), what);
    return found - asked.begin();
  }
};

BOOST_FIXTURE_TEST_SUITE(snapshots_of_a_source, Fixture)

BOOST_AUTO_TEST_CASE(it_is_frozen_checkpointed_and_runs_on) {
  node.runtime.at_asking = [&](const std::string& what) {
    if (what.rfind("pause", 0) == 0) on_disk_says("frozen");
    if (what == "checkpoint c1") {
      node.clock.tick(80ms);
      paused(true);
    }
    if (what == "documents c1") node.clock.tick(5s);
  };
  const Instant began = node.clock.time;
  const Snapshot made = good(ask());
  BOOST_TEST((made.frozen_at == began));
  BOOST_TEST(made.frozen.count() == 80);
  BOOST_TEST(frozen == 1);
  paused(false);
  on_disk_says("snapshotted");
  const SourceRecord record = source->record(order());
  BOOST_TEST((record.state == State::snapshotted && !record.frozen_at && !record.ended_at));
  BOOST_REQUIRE(made.archives.size() == 3U);
  for (const Archive& archive : made.archives) {
    const std::string bytes = read(archive.name);
    BOOST_TEST(bytes.size() == archive.size.count);
    BOOST_TEST(image::sha256_of(bytes) == archive.digest);
  }
}

BOOST_AUTO_TEST_CASE(only_what_needs_the_freeze_is_done_in_it) {
  good(ask());
  BOOST_TEST(place_of("upper c2") < place_of("pause c1"));
  BOOST_TEST(place_of("pause c2") < place_of("checkpoint c1"));
  BOOST_TEST(place_of("checkpoint c2") < place_of("resume c1"));
  BOOST_TEST(place_of("resume c2") < place_of("documents c1"));
}

BOOST_AUTO_TEST_CASE(what_changes_once_it_runs_again_is_not_in_it) {
  node.runtime.at_asking = [&](const std::string& what) {
    if (what == "documents c1") test::write_text(node.runtime.containers["c1"].upper / "tmp/later", "later");
  };
  good(ask());
  const std::string bytes = read("main");
  BOOST_TEST(bytes.find("changed") != std::string::npos);
  BOOST_TEST(bytes.find("later") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(by_the_kubelet_too) {
  good(ask(Backend::kubelet));
  BOOST_TEST(read("main") == "a tar file");
  paused(false);
}

BOOST_AUTO_TEST_CASE(given_again_it_answers_what_was_made) {
  const Snapshot first = good(ask());
  node.clock.tick(1h);
  restart();
  node.runtime.asked.clear();
  const Snapshot again = good(ask(Backend::direct, "node-c"));
  BOOST_TEST(node.runtime.asked.empty());
  BOOST_TEST((again.frozen_at == first.frozen_at && again.frozen == first.frozen));
  BOOST_REQUIRE(again.archives.size() == first.archives.size());
  BOOST_TEST(again.archives[0].digest == first.archives[0].digest);
  BOOST_TEST(!read("main", "agent/node-c").empty());
}

BOOST_AUTO_TEST_CASE(a_caller_that_goes_away_does_not_end_it) {
  std::stop_source gone;
  call.stop = gone.get_token();
  node.runtime.at_asking = [&](const std::string& what) {
    if (what == "checkpoint c1") gone.request_stop();
  };
  good(ask());
  BOOST_TEST((state() == State::snapshotted));
}

BOOST_AUTO_TEST_CASE(it_is_frozen_later_and_committed_with_the_same_archives) {
  const Snapshot made = good(ask());
  node.clock.tick(10min);
  (void)source->tend();  // the snapshot's deadline is none of a source that runs
  BOOST_TEST((state() == State::snapshotted));
  fails(source->commit(order()), Kind::precondition, "freeze it first");
  fails(archives->checkpoint(order(), {}, call), Kind::precondition, "freeze it first");

  const SourceRecord record = good(source->freeze(order(), to_freeze()));
  BOOST_TEST((record.state == State::frozen && record.frozen_at == node.clock.time));
  paused(true);
  fails(archives->checkpoint(order(), {}, call), Kind::precondition, "that is its checkpoint");
  BOOST_TEST((good(ask()).frozen_at == made.frozen_at));
  BOOST_TEST(image::sha256_of(read("main")) == made.archives[0].digest);
  restart();
  BOOST_TEST((state() == State::frozen));
  BOOST_TEST((good(source->commit(order())).state == State::committed));
  BOOST_TEST(image::sha256_of(read("main")) == made.archives[0].digest);
  BOOST_TEST(!good(source->is_gone(order())));
  node.runtime.containers.clear();
  BOOST_TEST(good(source->is_gone(order())));
  good(source->clean_up(order()));
}

BOOST_AUTO_TEST_CASE(uncommitted_at_the_freezes_deadline_it_thaws) {
  good(ask());
  good(source->freeze(order(), to_freeze()));
  node.clock.tick(30s);
  (void)source->tend();
  paused(false);
  BOOST_TEST((state() == State::thawed));
}

BOOST_AUTO_TEST_CASE(a_thaw_ends_it_and_a_freeze_that_comes_late_finds_that) {
  good(ask());
  node.runtime.asked.clear();
  const SourceRecord record = good(source->thaw(order(), false));
  BOOST_TEST((record.state == State::thawed && !record.frozen_at));
  BOOST_TEST(node.runtime.asked.empty());
  on_disk_says("thawed");
  BOOST_TEST((good(source->freeze(order(), to_freeze())).state == State::thawed));
  paused(false);
  fails(ask(), Kind::precondition, "thawed");
  good(source->clean_up(order()));
}

// Whoever ordered it has turned back, and hears that nothing is frozen. What comes to be all the same would be
// nobody's.
BOOST_AUTO_TEST_CASE(one_that_was_about_to_begin_when_it_was_given_up_freezes_nothing) {
  node.runtime.at_asking = [&](const std::string& what) {
    if (what != "upper c2") return;
    good(source->thaw(order(), false));
    fails(source->clean_up(order()), Kind::refused, "has not ended yet");
  };
  fails(ask(), Kind::precondition, "it was thawed");
  paused(false);
  BOOST_TEST(frozen == 0);
  good(source->clean_up(order()));
  BOOST_TEST(!test::is_there(node.places.source("m-1")));
}

BOOST_AUTO_TEST_CASE(a_snapshot_is_cleaned_up_while_the_source_runs) {
  good(ask());
  BOOST_TEST(!good(source->is_gone(order())));
  good(source->clean_up(order()));
  BOOST_TEST(!test::is_there(node.places.source("m-1")));
  BOOST_TEST((state() == State::none));
}

BOOST_AUTO_TEST_CASE(a_container_that_was_started_anew_since_is_not_frozen) {
  good(ask());
  node.runtime.containers.erase("c1");
  node.run("c9", "main");
  fails(source->freeze(order(), to_freeze()), Kind::precondition, "started anew");
  paused(false);
  BOOST_TEST((state() == State::snapshotted));
}

BOOST_AUTO_TEST_CASE(after_a_reboot_it_is_not_frozen_either) {
  good(ask());
  node.boot_id = "boot-2";
  node.runtime.containers.clear();
  restart();
  BOOST_TEST((state() == State::snapshotted));
  BOOST_TEST(good(source->is_gone(order())));
  fails(source->freeze(order(), to_freeze()), Kind::precondition, "does not run here");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_fails_lets_all_run_again) {
  node.runtime.fails["checkpoint c2"] = "CRIU: Can't dump a tty";
  fails(ask(), Kind::failed, "Can't dump a tty");
  paused(false);
  const SourceRecord record = source->record(order());
  BOOST_TEST((record.state == State::thawed));
  BOOST_TEST(record.message.find("Can't dump a tty") != std::string::npos, record.message);
  fails(ask(), Kind::precondition, "Can't dump a tty");
}

BOOST_AUTO_TEST_CASE(what_fails_after_it_runs_again_ends_it_too) {
  node.runtime.at_asking = [&](const std::string& what) {
    if (what == "documents c1") node.clock.tick(20s);
  };
  node.runtime.fails["documents c1"] = "no answer";
  fails(ask(), Kind::failed, "no answer");
  paused(false);
  const SourceRecord record = source->record(order());
  BOOST_TEST((record.state == State::thawed));
  BOOST_TEST((record.ended_at == record.frozen_at));  // no time passed while it was frozen
}

BOOST_AUTO_TEST_CASE(what_cannot_be_resumed_is_tried_again) {
  node.runtime.fails["resume c1"] = "busy";
  fails(ask(), Kind::failed, "busy");
  BOOST_TEST((state() == State::thawed));
  BOOST_TEST((source->tend() <= node.clock.time + 1s));
  node.runtime.fails.clear();
  (void)source->tend();
  paused(false);
}

BOOST_AUTO_TEST_CASE(an_agent_that_ends_meanwhile_thaws_it_when_it_comes_back) {
  node.runtime.at_asking = [&](const std::string& what) {
    if (what != "checkpoint c2") return;
    node.runtime.at_asking = nullptr;
    throw std::runtime_error("killed");
  };
  BOOST_CHECK_THROW((void)ask(), std::runtime_error);
  paused(true);
  on_disk_says("frozen");
  restart();
  paused(false);
  BOOST_TEST((state() == State::thawed));
  fails(ask(), Kind::precondition, "agent ended during its snapshot");
}

BOOST_AUTO_TEST_CASE(the_deadline_ends_it) {
  node.kubelet.before = [&] {
    node.clock.tick(30s);
    (void)source->tend();
  };
  fails(ask(Backend::kubelet), Kind::failed, "ended its freeze");
  paused(false);
  BOOST_TEST(source->record(order()).message.find("its snapshot was not taken until its deadline") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(but_not_while_it_runs_again_and_is_packed) {
  node.runtime.at_asking = [&](const std::string& what) {
    if (what == "documents c1") {
      node.clock.tick(30s);
      (void)source->tend();
    }
  };
  good(ask());
  BOOST_TEST((state() == State::snapshotted));
}

BOOST_AUTO_TEST_CASE(no_other_order_gets_between) {
  node.kubelet.before = [&] {
    fails(source->freeze(order(), to_freeze()), Kind::precondition, "being snapshotted");
    fails(source->commit(order()), Kind::precondition, "being snapshotted");
    fails(source->clean_up(order()), Kind::refused);
    fails(source->freeze(order(1, "m-2"), to_freeze()), Kind::precondition, "frozen it already");
  };
  good(ask(Backend::kubelet));
}

BOOST_AUTO_TEST_CASE(a_thaw_meanwhile_wins) {
  std::jthread thaw;  // answers behind the checkpoint that it disturbs
  node.kubelet.before = [&] {
    thaw = std::jthread{[&] { good(source->thaw(order(), false)); }};
    while (node.runtime.is_paused("c1") || node.runtime.is_paused("c2"))
      std::this_thread::yield();
  };
  fails(ask(Backend::kubelet), Kind::failed, "ended its freeze");
  thaw.join();
  paused(false);
  BOOST_TEST((state() == State::thawed));
}

BOOST_AUTO_TEST_CASE(what_is_frozen_already_is_not_snapshotted) {
  good(source->freeze(order(), to_freeze()));
  fails(ask(), Kind::precondition, "it is frozen");
  paused(true);
  good(source->thaw(order(), false));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_snapshotted_is_not_frozen) {
  node.runtime.containers["c2"].upper.clear();
  fails(ask(), Kind::precondition, "kubelet");
  node.runtime.containers.erase("c2");
  fails(ask(), Kind::precondition, "does not run here");
  BOOST_TEST(frozen == 0);
  BOOST_TEST((state() == State::none));
  BOOST_TEST(!test::is_there(node.places.source("m-1") / "record.json"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_paused_runs_again) {
  node.runtime.fails["pause c2"] = "it is being stopped";
  fails(ask(), Kind::failed, "it is being stopped");
  paused(false);
  BOOST_TEST((state() == State::thawed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
