// The way back into the name: the second hop itself, and what a live migration makes of it.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "extender/controller/hop.h"
#include "extender/controller/steps.h"
#include "extender/controller/target_pod.h"
#include "shared/base/time.h"
#include "test/unit/controller/local.h"
#include "test/unit/controller/tries.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(returning_)

BOOST_FIXTURE_TEST_CASE(a_hop_within_a_node_is_bound_without_a_scheduler, Local) {
  run();
  check_succeeded("home");
  BOOST_TEST(status().target.node == "node-a");
  // The source's record outlives its containers.
  const auto& orders = source.orders;
  const auto gone = std::find(orders.begin(), orders.end(), "source_is_gone");
  BOOST_TEST((gone != orders.end() && std::find(orders.begin(), gone, "clean_up") == gone));
  const auto writes = cluster.writes();
  BOOST_TEST(std::count(writes.begin(), writes.end(), "create pods/home/binding") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_hop_within_a_node_that_fails_leaves_the_shadow_at_work, Local) {
  source.before = [](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "commit") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "the disk is full"};
  };
  run();
  check_rolled_back();
}

// The shadow's annotation tells another name, and its user is not asked for the Secret again.
BOOST_FIXTURE_TEST_CASE(a_hop_within_a_node_uses_the_queue_of_the_first_one, Local) {
  cluster.change(pod("orders"), [](Json& object) {
    object["metadata"]["annotations"][kQueueAnnotation] = "orders.{pod}";
    object["metadata"]["annotations"][kBrokerSecretAnnotation] = "rabbit";
  });
  cluster.change(path(), [](Json& object) { object["spec"]["messages"]["queue"] = "orders.0"; });
  cluster.put(kube::core("secrets", "shop", "rabbit"), {{"data", {{"amqp-url", "YW1xcDovL21x"}}}});
  broker->add_queue("orders.0");
  broker->consume("orders.0", {"t1", "mine", "10.0.0.9"});
  run();
  check_succeeded("home");
  BOOST_TEST(broker->closed_connections() == std::vector<std::string>{"mine"}, boost::test_tools::per_element());
}

// Everything else that Freezing waits for overlaps the making of the sandbox.
BOOST_FIXTURE_TEST_CASE(a_hop_within_a_node_waits_for_its_target_right_before_the_freeze, Local) {
  std::vector<std::string> asked_in;
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "restore_states") asked_in.emplace_back(to_string(status().phase));
    return std::nullopt;
  };
  run();
  check_succeeded("home");
  BOOST_REQUIRE(!asked_in.empty());
  BOOST_TEST(asked_in.front() == "Freezing");
  const auto& orders = source.orders;
  BOOST_CHECK(std::find(orders.begin(), orders.end(), "restore_states") <
              std::find(orders.begin(), orders.end(), "freeze"));
}

BOOST_FIXTURE_TEST_CASE(a_sandbox_that_never_comes_leads_back_before_anything_is_frozen, Local) {
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "restore_states")
      for (auto& [uid, state] : source.targets)
        state = agent::RestoreState::prepared;
    return std::nullopt;
  };
  const MigrationStatus now = run();
  check_rolled_back();
  BOOST_TEST(now.reason == "TimedOut");
  BOOST_TEST(std::count(source.orders.begin(), source.orders.end(), "freeze") == 0);
}

// A live migration whose shadow works, and whose source is gone.
struct Returning : Scene {
  Returning() : Scene(true) {
    cluster.drop(pod("orders"));
    Json shadow = samples::pod();
    shadow["metadata"]["uid"] = "uid-shadow";
    shadow["spec"]["nodeName"] = "node-b";
    cluster.put(pod("orders-mig-a6pfz"), shadow);
    cluster.change(path(), [](Json& object) {
      object["spec"]["strategy"] = "Live";
      object["status"] = {{"phase", "Returning"},
                          {"strategy", "Live"},
                          {"source", {{"pod", "orders"}, {"uid", "uid-source"}, {"node", "node-a"}}},
                          {"target", {{"pod", "orders-mig-a6pfz"}, {"uid", "uid-shadow"}, {"node", "node-b"}}},
                          {"messages", {{"queue", "orders.0"}}}};
    });
    cluster.on_create = [this](const kube::ResourcePath& where, Json& object) {
      if (where.plural == "migrations") object["status"] = end_of_second;
    };
  }
  void make_sets() {
    cluster.change(path(), [](Json& object) {
      object["status"]["owner"] = {{"kind", "StatefulSet"}, {"name", "orders"}, {"uid", "uid-set"}};
    });
  }
  Json end_of_second = {
      {"phase", "Succeeded"}, {"gapMs", 700}, {"target", {{"pod", "orders"}, {"uid", "uid-home"}, {"node", "node-b"}}}};
};

BOOST_FIXTURE_TEST_CASE(a_second_migration_brings_it_into_its_name, Returning) {
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  BOOST_TEST(now.target.pod == "orders");
  const Condition* restored = find_condition(now, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(restored->value);
  const auto made = parse_migration(cluster.look(try_path(1)).value());
  BOOST_REQUIRE(made);
  BOOST_TEST(made->spec.pod_uid == "uid-shadow");
  BOOST_TEST(made->spec.target_name == "orders");
  BOOST_TEST(made->spec.target_node == "node-b");
  BOOST_TEST(made->spec.queue == "orders.0");
  BOOST_CHECK(made->spec.strategy == Strategy::stop);
  BOOST_TEST(text_at(cluster.look(try_path(1)).value()["metadata"]["ownerReferences"][0], {"uid"}) == "uid-migration");
}

// Its own stands in the condition, whichever is the longer one.
BOOST_AUTO_TEST_CASE(the_gap_is_the_longer_one_of_both_hops) {
  for (const auto& [first, gap] : {std::pair{300, 700ms}, {900, 900ms}}) {
    Returning scene;
    scene.cluster.change(Scene::path(), [first = first](Json& object) { object["status"]["gapMs"] = first; });
    const MigrationStatus now = scene.run();
    BOOST_TEST((now.gap == gap), first << " ms in the first one");
    const Condition* restored = find_condition(now, "NameRestored");
    BOOST_REQUIRE(restored != nullptr);
    BOOST_TEST(restored->message.find("gap 700 ms") != std::string::npos, restored->message);
  }
}

BOOST_FIXTURE_TEST_CASE(a_shadow_that_was_thawed_has_been_silent_too, Returning) {
  end_of_second = {{"phase", "RolledBack"}, {"message", "no room"}, {"checkpoint", {{"freezeMs", 450}}}};
  BOOST_TEST((run().gap == 450ms));
}

BOOST_FIXTURE_TEST_CASE(when_it_comes_to_nothing_the_shadow_goes_on, Returning) {
  end_of_second = {{"phase", "RolledBack"}, {"message", "no room"}};
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  BOOST_TEST(now.target.pod == "orders-mig-a6pfz");
  const Condition* restored = find_condition(now, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(!restored->value);
  BOOST_TEST(restored->message.find("no room") != std::string::npos, restored->message);
  BOOST_TEST(cluster.look(try_path(3)).has_value());
  BOOST_TEST(!cluster.look(try_path(4)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_shadow_that_was_lost_on_its_way_back_is_told_of, Returning) {
  end_of_second = {{"phase", "RolledBack"},
                   {"message", "aborted"},
                   {"conditions",
                    {{{"type", "SourceLost"}, {"status", "True"}, {"reason", "ContainersGone"}, {"message", "lost"}}}}};
  const auto warnings = run().warnings;
  BOOST_TEST(std::count(warnings.begin(), warnings.end(), "lost") == 1);
}

BOOST_FIXTURE_TEST_CASE(what_is_under_way_is_waited_for, Returning) {
  end_of_second = {{"phase", "InDoubt"}};
  run(3);
  BOOST_TEST(to_string(status().phase) == "Returning");
  cluster.change(try_path(1), [](Json& object) {
    object["status"] = {{"phase", "Succeeded"}, {"target", {{"pod", "orders"}, {"uid", "u"}, {"node", "node-b"}}}};
  });
  run();
  BOOST_TEST(to_string(status().phase) == "Succeeded");
  BOOST_TEST(!cluster.look(try_path(2)).has_value());
}

BOOST_FIXTURE_TEST_CASE(what_the_second_hop_waits_for_is_shown_by_the_first_one, Returning) {
  Json step;
  step["name"] = "Returning";
  step["startedAt"] = to_rfc3339(now());
  cluster.change(path(), [&](Json& object) { object["status"]["steps"] = Json::array({step}); });
  step["name"] = "Placing";
  step["message"] = "waits for room: of 2 cpu";
  end_of_second = Json::object();
  end_of_second["phase"] = "Placing";
  end_of_second["steps"] = Json::array({step});
  run(2);
  BOOST_REQUIRE(!status().steps.empty());
  BOOST_TEST(status().steps.back().message == "by migration orders-1-name-1, Placing: waits for room: of 2 cpu");
}

BOOST_FIXTURE_TEST_CASE(memory_is_not_kept_while_the_second_hop_is_under_way, Returning) {
  end_of_second = {{"phase", "InDoubt"}};
  run(3);
  BOOST_TEST(to_string(status().phase) == "Returning");
  BOOST_TEST(std::count(target.orders.begin(), target.orders.end(), "clean_up") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_shadow_that_never_becomes_ready_keeps_its_own_name, Returning) {
  cluster.change(pod("orders-mig-a6pfz"), [](Json& shadow) { shadow["status"]["conditions"] = Json::array(); });
  cluster.change(path(), [this](Json& object) {
    object["status"]["steps"] = Json::array({{{"name", "Returning"}, {"startedAt", to_rfc3339(now())}}});
  });
  run(1);
  BOOST_TEST(to_string(status().phase) == "Returning");
  cluster.change(path(), [this](Json& object) {
    object["status"]["steps"][0]["startedAt"] = to_rfc3339(now() - parse_migration(object)->spec.timeout - 1s);
  });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  BOOST_TEST(now.target.pod == "orders-mig-a6pfz");
  const Condition* restored = find_condition(now, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(!restored->value);
  BOOST_TEST(restored->message.find("is not ready after") != std::string::npos, restored->message);
}

// Nor is its shadow ready while it stands frozen for it.
BOOST_FIXTURE_TEST_CASE(one_that_is_under_way_is_waited_for_longer_than_that, Returning) {
  put_try(*this, 2, {{"phase", "InDoubt"}});
  cluster.change(pod("orders-mig-a6pfz"), [](Json& shadow) { shadow["status"]["conditions"] = Json::array(); });
  cluster.change(path(), [this](Json& object) {
    const Instant begun = now() - parse_migration(object)->spec.timeout - 1s;
    object["status"]["steps"] = Json::array({{{"name", "Returning"}, {"startedAt", to_rfc3339(begun)}}});
  });
  run(3);
  BOOST_TEST(to_string(status().phase) == "Returning");
  BOOST_TEST(status().steps.back().message.find("kubectl migrate resolve orders-1-name-2") != std::string::npos,
             status().steps.back().message);
  BOOST_TEST(!cluster.look(try_path(1)));
}

BOOST_FIXTURE_TEST_CASE(the_next_one_comes_behind_all_that_there_are, Returning) {
  end_of_second = {{"phase", "RolledBack"}, {"message", "no room"}};
  put_try(*this, 2, end_of_second);
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  BOOST_TEST(!cluster.look(try_path(1)));
  BOOST_TEST(cluster.look(try_path(4)).has_value());
  BOOST_TEST(!cluster.look(try_path(5)));
}

BOOST_FIXTURE_TEST_CASE(and_after_a_pause_that_is_as_long, Returning) {
  make_sets();
  put_try(*this, 2, {{"phase", "RolledBack"}, {"message", "no room"}, {"finishedAt", to_rfc3339(Scene::now())}});
  run(15);
  BOOST_TEST(!cluster.look(try_path(1)));
  BOOST_TEST(!cluster.look(try_path(3)));
  run(10);
  BOOST_TEST(!cluster.look(try_path(1)));
  BOOST_TEST(cluster.look(try_path(3)).has_value());
}

// Of a migration that had this one's name before it, and another shadow.
BOOST_FIXTURE_TEST_CASE(what_another_one_has_left_tells_nothing, Returning) {
  put_strangers(*this, try_path(1).name);
  const MigrationStatus now = run();
  const Condition* restored = find_condition(now, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(restored->message.find("by migration orders-1-name-2") != std::string::npos, restored->message);
}

BOOST_FIXTURE_TEST_CASE(nor_does_it_use_up_the_tries, Returning) {
  end_of_second = {{"phase", "RolledBack"}, {"message", "no room"}};
  put_strangers(*this, try_path(3).name);
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  BOOST_TEST(!cluster.look(try_path(1)));
  BOOST_TEST(cluster.look(try_path(4)).has_value());
  BOOST_TEST(cluster.look(try_path(6)).has_value());
  BOOST_TEST(!cluster.look(try_path(7)));
}

// Behind the highest number there is none, and none is ever looked for.
BOOST_FIXTURE_TEST_CASE(names_that_no_try_could_have_are_passed_over, Returning) {
  put_strangers(*this, "orders-1-name-4294967295");
  put_strangers(*this, "orders-1-name-1000001");
  put_strangers(*this, "orders-1-name-007");
  run(2);
  const MigrationStatus ended = status();
  BOOST_TEST(to_string(ended.phase) == "Succeeded");
  const Condition* restored = find_condition(ended, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(restored->message.find("by migration orders-1-name-1:") != std::string::npos, restored->message);
}

BOOST_FIXTURE_TEST_CASE(without_a_number_left_it_says_what_to_delete, Returning) {
  make_sets();
  put_strangers(*this, "orders-1-name-1000000");
  run(2);
  BOOST_TEST(to_string(status().phase) == "Returning");
  BOOST_TEST(cluster.names("migrations").size() == 2U);
  BOOST_TEST(log.text().find("delete migration orders-1-name-1000000") != std::string::npos, log.text());
  cluster.drop(migration_path("shop", "orders-1-name-1000000"));
  run();
  BOOST_TEST(to_string(status().phase) == "Succeeded");
}

// Between the look at all of them and the making of the next one somebody takes its name, again and again.
BOOST_FIXTURE_TEST_CASE(a_name_that_another_one_takes_ends_the_look, Returning) {
  int taken = 0;
  cluster.deny = [&](const kube::ResourcePath& where, const Json&) -> std::optional<kube::ApiError> {
    if (where.plural == "migrations" && ++taken < 5) put_strangers(*this, where.name);
    return std::nullopt;
  };
  run(1);
  BOOST_TEST(taken == 1);
  BOOST_TEST(to_string(status().phase) == "Returning");
  run();
  BOOST_TEST(to_string(status().phase) == "Succeeded");
  BOOST_TEST(cluster.look(try_path(5)).has_value());
}

// Its set would fill the name beside the shadow.
BOOST_FIXTURE_TEST_CASE(a_set_s_shadow_is_never_left_with_its_own_name, Returning) {
  make_sets();
  cluster.on_create = [this](const kube::ResourcePath& where, Json& object) {
    if (where.plural != "migrations") return;
    object["status"] = {{"phase", "RolledBack"}, {"message", "no room"}, {"finishedAt", to_rfc3339(Scene::now())}};
  };
  run(75);
  BOOST_TEST(to_string(status().phase) == "Returning");
  // More often than a Pod of its own, but not at once again and again.
  BOOST_TEST(cluster.look(try_path(4)).has_value());
  BOOST_TEST(!cluster.look(try_path(6)).has_value());
  cluster.drop(pod("orders-mig-a6pfz"));
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded");
  const Condition* restored = find_condition(now, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(!restored->value);
  BOOST_TEST(restored->reason == "ShadowGone");
}

BOOST_AUTO_TEST_CASE(a_shadow_keeps_its_own_names_for_who_comes_after_it) {
  Migration migration = samples::migration();
  Json source = samples::pod();
  source["spec"]["subdomain"] = "shop";
  const Json shadow = target_pod(source, migration, {"orders-mig-a6pfz", {}, /*is_shadow=*/true});
  BOOST_TEST(!has(shadow, {"spec", "hostname"}));
  BOOST_TEST(!has(shadow, {"spec", "subdomain"}));
  const Json home = target_pod(shadow, migration, {"orders", {}});
  BOOST_TEST(text_at(home, {"spec", "hostname"}) == "o");
  BOOST_TEST(text_at(home, {"spec", "subdomain"}) == "shop");
  BOOST_TEST(!has(home, {"metadata", "annotations", kHostnameAnnotation}));
  BOOST_TEST(!has(home, {"spec", "readinessGates"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
