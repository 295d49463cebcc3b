// What goes wrong behind the commit of a replay, while the copy goes over to the queue itself.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <utility>

#include "shared/base/time.h"
#include "test/unit/controller/live.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(switching_faults)

// Its node was started anew. What its kubelet starts in its Pod has no memory, and reads the queue.
BOOST_FIXTURE_TEST_CASE(a_source_that_is_started_anew_is_removed_while_the_rest_is_replayed, Live) {
  std::optional<Instant> anew;
  std::optional<Instant> removed;
  broker->on_call = [&](const std::string&) -> std::optional<Error> {
    if (!anew && status().phase == Phase::switching) {
      anew = now();
      obeys = false;
      broker->arrive("", mirror(), {"1000000"});
      cluster.change(pod("orders"), [&](Json& object) {
        object["status"]["containerStatuses"] = {
            {{"name", "app"}, {"state", {{"running", {{"startedAt", to_rfc3339(now() + 1s)}}}}}}};
      });
    }
    if (anew && !removed && !cluster.look(pod("orders"))) removed = now();
    obeys = !anew || now() > *anew + 10s;
    return std::nullopt;
  };
  const MigrationStatus status = run();
  BOOST_TEST(to_string(status.phase) == "Succeeded", status.message + log.text());
  BOOST_REQUIRE(removed.has_value());
  BOOST_TEST((*removed - *anew < 3s));
  BOOST_REQUIRE(find_condition(status, "SourceGone") != nullptr);
  BOOST_TEST(!status.warnings.empty());
}

// It ends behind the commit, and the kubelet starts it anew, with no memory; its word comes later than that.
struct LateDeath : Live {
  std::chrono::milliseconds kubelet_needs{0};
  bool cold_takes_all = false;
  std::optional<Instant> died;
  std::optional<Instant> told;
  bool is_said = false;

  LateDeath() {
    broker->on_call = [this](const std::string& call) -> std::optional<Error> {
      if (!died && status().phase == Phase::switching) {
        died = now();
        obeys = false;
        broker->cancel(mirror(), "t3");
        for (int i = 0; i < 3; ++i)
          broker->arrive("", mirror(), {"rest"});
      }
      if (died && !is_said && now() >= *died + kubelet_needs) {
        is_said = true;
        kubelet_says_it_ended();
      }
      if (died && !told && begins(call, "publish ms2m.control.") && call.find("START_REPLAY") != std::string::npos) {
        told = now();
        broker->consume(mirror(), {"t4", "cold", "10.0.0.20", 5});
        std::vector<std::string> lost;
        if (cold_takes_all) handle(mirror(), "t4", lost);
      }
      return std::nullopt;
    };
  }
  [[nodiscard]] bool was_ended() const {
    const auto calls = broker->calls();
    return std::any_of(calls.begin(), calls.end(),
                       [](const std::string& call) { return call.find("END_REPLAY") != std::string::npos; });
  }
};

// The source is frozen, and committed, and has lost nothing: a person may decide for it.
BOOST_FIXTURE_TEST_CASE(a_copy_that_dies_behind_the_commit_is_a_doubt_and_the_source_an_answer, LateDeath) {
  const MigrationStatus status = run(1);
  BOOST_TEST(to_string(status.phase) == "InDoubt");
  BOOST_TEST(status.reason == "TargetDied");
  BOOST_TEST(status.message.find("is frozen on node node-a with its memory") != std::string::npos, status.message);
  // Whoever is started in its place is kept away from the primary.
  BOOST_REQUIRE(told.has_value());
  BOOST_TEST((*told - *died < 100ms));
  BOOST_TEST(!was_ended());
  broker->on_call = nullptr;
  edit([](Json& object) { object["spec"]["resolve"] = "Source"; });
  run();
  check_rolled_back();
  check_queues_gone();
  BOOST_TEST(source.thawed_after_commit);
}

BOOST_FIXTURE_TEST_CASE(a_mirror_that_a_cold_process_has_emptied_is_not_replayed, LateDeath) {
  kubelet_needs = 2s;
  cold_takes_all = true;
  const MigrationStatus status = run();
  BOOST_TEST(to_string(status.phase) == "InDoubt");
  BOOST_TEST(status.reason == "TargetDied");
  BOOST_TEST(!was_ended());
}

// It has been told that the replay is over, and ends before it takes over: what is started anew takes over in its
// place.
BOOST_FIXTURE_TEST_CASE(a_cold_process_that_takes_over_is_no_success, Live) {
  std::optional<Instant> died;
  bool is_cold = false;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!died && call.find("END_REPLAY") != std::string::npos) {
      died = now();
      obeys = false;
      broker->cancel(mirror(), "t3");
    }
    if (died && call == "depth orders" && now() - *died >= 1s && !is_cold) {
      is_cold = true;
      broker->consume("orders", {"t4", "cold", "10.0.0.20", 5});
    }
    if (died && now() - *died >= 2s) kubelet_says_it_ended();
    return std::nullopt;
  };
  const MigrationStatus status = run(1);
  BOOST_TEST(is_cold);
  check_said(status, "InDoubt", "TargetDied", "but for what a process that was started anew");
}

// It has been told that the replay is over, and loses its connection with messages in hand, which come back.
struct LostReader : Live {
  std::optional<Instant> lost;
  std::optional<Instant> told;  // to replay, since then
  std::function<void()> on_word;

  LostReader() {
    broker->on_call = [this](const std::string& call) -> std::optional<Error> {
      if (!lost && call.find("END_REPLAY") != std::string::npos) {
        lost = now();
        obeys = false;
        broker->cancel(mirror(), "t3");
        reads.reset();
        for (int i = 0; i < 2; ++i)
          broker->arrive("", mirror(), {"rest"});
      }
      if (lost && !told && call.find("START_REPLAY") != std::string::npos) told = now();
      if (lost && now() - *lost >= 1s && on_word) std::exchange(on_word, nullptr)();
      return std::nullopt;
    };
  }
};

// With its process: the one that is started in its place would take that word for leave to go to the primary.
BOOST_FIXTURE_TEST_CASE(a_copy_that_ends_with_messages_in_hand_has_its_successor_told_to_replay, LostReader) {
  on_word = [&] { kubelet_says_it_ended(); };
  check_said(run(1), "InDoubt", "TargetDied", "is frozen on node node-a with its memory");
  BOOST_REQUIRE(told.has_value());
  BOOST_TEST((*told - *lost < 100ms));
}

BOOST_FIXTURE_TEST_CASE(a_copy_that_connects_again_with_messages_in_hand_replays_them, LostReader) {
  on_word = [&] { obeys = true; };
  run();
  check_succeeded(kShadow);
  check_queues_gone();
  BOOST_TEST(told.has_value());
  BOOST_TEST(std::count(in_target.begin(), in_target.end(), "rest") == 2);
}

// As an earlier version left it, in which a sequential migration that did not come to its end had failed.
void call_it_failed(Scene& scene) {
  scene.cluster.change(Scene::path(), [&](Json& object) {
    object["status"]["phase"] = "Failed";
    object["status"]["finishedAt"] = to_rfc3339(scene.now());
  });
}

// As somebody else may. The copy does not go over to the queue by itself then.
void delete_mirror_as_it_switches(Replay& scene) {
  scene.broker->on_call = [&scene](const std::string&) -> std::optional<Error> {
    if (scene.obeys && scene.status().phase == Phase::switching) {
      scene.obeys = false;
      BOOST_TEST(scene.broker->remove_queue(scene.mirror(), {}).has_value());
    }
    return std::nullopt;
  };
}

void check_can_be_deleted(Replay& scene) {
  scene.edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  for (int i = 0; i < 10 && scene.cluster.look(Scene::path()); ++i)
    scene.once();
  BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
}

// What it held is in no memory: no success, and with source or archives still there a person's to decide.
BOOST_AUTO_TEST_CASE(a_mirror_that_somebody_deletes_behind_the_commit_is_no_success) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential}) {
    Replay scene{strategy};
    delete_mirror_as_it_switches(scene);
    const MigrationStatus status = scene.run();
    check_said(status, "InDoubt", "MirrorLost", "was deleted");
    BOOST_TEST(!status.messages->lost.has_value());
  }
}

// Its kubelet's probes wait for nobody who deletes what has failed, and in the end nothing of it is left beside a
// target that works.
BOOST_AUTO_TEST_CASE(the_source_of_a_migration_that_failed_is_not_started_cold_beside_its_target) {
  for (const bool has_probes : {true, false}) {
    Replay scene{Strategy::sequential};
    if (!has_probes)
      scene.cluster.change(Scene::pod("orders"),
                           [](Json& object) { object["spec"]["containers"][0].erase("livenessProbe"); });
    delete_mirror_as_it_switches(scene);
    scene.run(1);
    call_it_failed(scene);
    const MigrationStatus status = scene.run();
    check_said(status, "Failed", "MirrorLost", "was deleted");
    BOOST_TEST(scene.cluster.look(Scene::pod("orders")).has_value() == !has_probes);
    BOOST_TEST((find_condition(status, "SourceGone") != nullptr) == has_probes);
    scene.broker->on_call = {};
    check_can_be_deleted(scene);
    BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{status.target.pod},
               boost::test_tools::per_element());
  }
}

// Who works in its Pod by now, started anew while no controller led perhaps, is nobody's to remove.
BOOST_AUTO_TEST_CASE(a_source_that_was_started_anew_since_is_left_alone) {
  Replay scene{Strategy::sequential};
  delete_mirror_as_it_switches(scene);
  scene.run(1);
  call_it_failed(scene);
  scene.source.has_lost_source = true;
  check_said(scene.run(), "Failed", "MirrorLost", "was deleted");
  BOOST_TEST(scene.cluster.look(Scene::pod("orders")).has_value());
}

// Its queue was emptied for the copy, but the source has its memory still.
BOOST_FIXTURE_TEST_CASE(a_copy_that_dies_after_a_purge_is_a_doubt_as_well, Live) {
  cluster.change(path(), [](Json& object) { object["spec"]["messages"]["purgePrimary"] = true; });
  end_copy_as_it_switches();
  check_said(run(1), "InDoubt", "TargetDied", "--purge-primary empties queue orders");
  broker->on_call = nullptr;
  edit([](Json& object) { object["spec"]["resolve"] = "Source"; });
  run();
  check_rolled_back();
  BOOST_TEST(source.thawed_after_commit);
}

// Its mirror is deleted while it goes over.
void fail_behind_commit(Replay& scene) {
  scene.obeys = false;
  std::optional<Instant> switching;
  bool is_deleted = false;
  scene.broker->on_call = [&](const std::string&) -> std::optional<Error> {
    if (is_deleted || scene.status().phase != Phase::switching) return std::nullopt;
    if (!switching) switching = scene.now();
    if (scene.now() - *switching < 12s) return std::nullopt;
    is_deleted = true;
    BOOST_TEST(scene.broker->remove_queue(scene.mirror(), {}).has_value());
    return std::nullopt;
  };
  scene.run(1);
  call_it_failed(scene);
  check_said(scene.run(), "Failed", "MirrorLost", "was deleted");
  scene.broker->on_call = {};
}

// Whoever takes the name later must not find it.
BOOST_AUTO_TEST_CASE(the_word_of_a_migration_that_failed_goes_with_it) {
  Replay scene{Strategy::sequential, true};
  fail_behind_commit(scene);
  BOOST_TEST(scene.broker->ready(kOwnControl).size() > 1U);
  check_can_be_deleted(scene);
  BOOST_TEST(scene.broker->ready(kOwnControl) == std::vector<std::string>{R"({"type":"END_REPLAY"})"},
             boost::test_tools::per_element());
}

// It goes by itself after a day, and the application may have worked there ever since.
BOOST_AUTO_TEST_CASE(a_target_that_works_outlives_a_migration_that_failed) {
  Replay scene{Strategy::sequential, true};
  fail_behind_commit(scene);
  const std::string uid = scene.status().target.uid;
  check_can_be_deleted(scene);
  const Json kept = scene.cluster.look(Scene::pod("orders")).value_or(Json::object());
  BOOST_TEST(text_at(kept, {"metadata", "uid"}) == uid);
  BOOST_TEST(!has(kept, {"metadata", "annotations", kRestoreAnnotation}));
}

// Our rights there are gone before it is, and nobody can read the broker's Secret any more.
BOOST_AUTO_TEST_CASE(a_migration_that_failed_holds_up_no_namespace_that_goes) {
  Replay scene{Strategy::sequential, true};
  fail_behind_commit(scene);
  scene.cluster.before_read = [](const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (where.plural != "secrets") return std::nullopt;
    return controller::fakes::Cluster::error(kube::ApiError::Kind::forbidden, "secrets is forbidden");
  };
  check_can_be_deleted(scene);
}

// It has taken over, and is gone before Services may send to it.
BOOST_AUTO_TEST_CASE(a_copy_that_is_deleted_as_it_takes_over_is_a_doubt) {
  for (const bool is_seen_late : {false, true}) {
    Live scene;
    scene.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
      if (!is_seen_late && call == "remove_queue " + scene.mirror() && scene.status().phase == Phase::switching)
        scene.cluster.drop(Scene::pod(kShadow));
      return std::nullopt;
    };
    scene.cluster.before_write = [&](const std::string& verb,
                                     const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (verb == "patch" && where.name == kShadow && where.subresource == "status")
        scene.cluster.drop(Scene::pod(kShadow));
      return std::nullopt;
    };
    check_said(scene.run(1), "InDoubt", "TargetDeleted", "is frozen on node node-a with its memory");
    scene.broker->on_call = nullptr;
    scene.edit([](Json& object) { object["spec"]["resolve"] = "Source"; });
    scene.run();
    scene.check_rolled_back();
    scene.check_queues_gone();
  }
}

BOOST_FIXTURE_TEST_CASE(who_decides_for_a_copy_whose_mirror_is_gone_takes_the_loss, Live) {
  delete_mirror_as_it_switches(*this);
  broker->on_call = [&, deletes = broker->on_call](const std::string& call) -> std::optional<Error> {
    deletes(call);
    if (!obeys && call.find("END_REPLAY") != std::string::npos)
      broker->consume("orders", {"t3", "shadow", "10.0.0.20", 5});
    return std::nullopt;
  };
  BOOST_TEST(to_string(run().phase) == "InDoubt");
  edit([](Json& object) { object["spec"]["resolve"] = "Target"; });
  const MigrationStatus status = run();
  BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
  BOOST_TEST(!status.messages->lost.has_value());
  BOOST_TEST(std::any_of(status.warnings.begin(), status.warnings.end(),
                         [](const std::string& one) { return one.find("what it held is lost") != std::string::npos; }));
}

// Nobody decides until its liveness probe would have the source started without its memory, which would take messages.
BOOST_FIXTURE_TEST_CASE(a_source_that_nobody_decides_for_in_time_is_removed, Live) {
  end_copy_as_it_switches();
  run(20);
  BOOST_TEST(!cluster.look(pod("orders")));
  edit([](Json& object) { object["spec"]["resolve"] = "Source"; });
  const MigrationStatus status = run(1);
  check_said(status, "InDoubt", "TargetDied",
             "nothing holds its memory any more; it cannot be resolved for the source");
  BOOST_TEST(!source.thawed_after_commit);
  BOOST_TEST((migration().spec.resolve == Resolution::none));
}

// The broker is away for so long that the source had to go. Then there is nothing to decide any more.
BOOST_FIXTURE_TEST_CASE(a_copy_that_dies_when_its_source_is_removed_has_failed, Live) {
  std::optional<Instant> back;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!back && status().phase == Phase::switching) back = now() + 30s;
    if (back && now() < *back) return Error{call + ": connection refused"};
    if (back && obeys) end_copy();
    return std::nullopt;
  };
  check_said(run(), "Failed", "TargetDied", "nothing holds its memory any more");
  BOOST_TEST(status().message.find("--keep source") == std::string::npos, status().message);
  BOOST_TEST(!cluster.look(pod("orders")));
}

// Behind the commit there is only forward. The frozen source is not waited with longer than its liveness probe allows.
BOOST_FIXTURE_TEST_CASE(a_broker_that_is_away_for_a_minute_behind_the_commit_is_waited_for, Live) {
  std::optional<Instant> back;
  std::optional<Instant> removed;
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "delete" && where.name == "orders" && !removed) removed = now();
    return std::nullopt;
  };
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (!back && status().phase == Phase::switching) back = now() + 60s;
    if (back && now() < *back) return Error{call + ": connection refused"};
    return std::nullopt;
  };
  run();
  BOOST_TEST(back.has_value());
  BOOST_REQUIRE(removed.has_value());
  BOOST_TEST((*removed < *back - 30s));
  BOOST_TEST((*removed - *status().frozen_at >= 18s));
  check_succeeded(kShadow);
  check_queues_gone();
  check_complete();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
