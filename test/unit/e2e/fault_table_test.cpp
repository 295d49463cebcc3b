// The tables and comparisons that end-to-end tests judge by, which no cluster is needed for.
#include <boost/test/unit_test.hpp>
#include <set>

#include "test/e2e/faults.h"
#include "test/e2e/product_metrics.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/rich_pod.h"
#include "test/e2e/scene.h"
#include "test/e2e/set_watch.h"
#include "test/e2e/sets.h"

using namespace harness;
using Json = nlohmann::json;
using migrate::Phase;

BOOST_AUTO_TEST_SUITE(fault_table)

BOOST_AUTO_TEST_CASE(the_covering_rows_have_each_step_and_each_fault_and_are_rows_of_the_table) {
  std::set<std::string> all;
  std::set<Phase> steps;
  std::set<Fault> faults;
  for (const Row& row : all_rows()) {
    BOOST_TEST(all.insert(to_string(row)).second, to_string(row));
    steps.insert(row.phase);
    faults.insert(row.fault);
  }
  BOOST_TEST(steps.size() == 9U);
  BOOST_TEST(faults.size() == 7U);
  std::set<Phase> covered_steps;
  std::set<Fault> covered_faults;
  for (const Row& row : covering_rows()) {
    BOOST_TEST(all.contains(to_string(row)), to_string(row));
    covered_steps.insert(row.phase);
    covered_faults.insert(row.fault);
  }
  BOOST_TEST((covered_steps == steps));
  BOOST_TEST((covered_faults == faults));
}

BOOST_AUTO_TEST_CASE(before_the_commit_an_abort_rolls_back_and_after_it_nothing_does) {
  BOOST_TEST((allowed_ends({Phase::transferring, Fault::abort}) == std::vector{Phase::rolled_back}));
  BOOST_TEST((allowed_ends({Phase::restoring, Fault::abort}) == std::vector{Phase::succeeded}));
  BOOST_TEST((allowed_ends({Phase::finishing, Fault::leader_slept}) == std::vector{Phase::succeeded}));
  BOOST_TEST(allowed_ends({Phase::checkpointing, Fault::leader_killed}).size() == 2U);
}

BOOST_AUTO_TEST_CASE(replays_have_a_table_of_their_own) {
  std::set<std::string> all;
  for (const Row& row : all_replay_rows())
    BOOST_TEST(all.insert(to_string(row)).second, to_string(row));
  for (const Row& row : covering_replay_rows())
    BOOST_TEST(all.contains(to_string(row)), to_string(row));
  const auto live = migrate::Strategy::live;
  BOOST_TEST((allowed_ends({Phase::draining, Fault::abort, live}) == std::vector{Phase::rolled_back}));
  BOOST_TEST((allowed_ends({Phase::shadowing, Fault::restore_fails, live}) == std::vector{Phase::rolled_back}));
  BOOST_TEST((allowed_ends({Phase::switching, Fault::abort, live}) == std::vector{Phase::succeeded}));
}

BOOST_AUTO_TEST_CASE(sets_have_a_table_of_their_own_with_each_strategy_and_the_way_back) {
  std::set<std::string> all;
  std::set<Phase> steps;
  std::set<Fault> faults;
  for (const Row& row : all_set_rows()) {
    BOOST_TEST(all.insert(to_string(row)).second, to_string(row));
    BOOST_TEST(row.of_set);
    steps.insert(row.phase);
    faults.insert(row.fault);
  }
  BOOST_TEST(steps.size() == 16U);
  BOOST_TEST(faults.size() == 10U);
  for (const Row& row : covering_set_rows())
    BOOST_TEST(all.contains(to_string(row)), to_string(row));
  // The first hop is over: there is only forward.
  Row way_back{Phase::freezing, Fault::abort, migrate::Strategy::live};
  way_back.of_set = way_back.in_return = true;
  BOOST_TEST((allowed_ends(way_back) == std::vector{Phase::succeeded}));
  way_back.in_return = false;
  BOOST_TEST((allowed_ends(way_back) == std::vector{Phase::rolled_back}));
}

std::set<std::string> names_of_set_rows() {
  std::set<std::string> names;
  for (const Row& row : all_set_rows())
    names.insert(to_string(row));
  return names;
}

// Each takes a minute or more: test/full has time for so many.
BOOST_AUTO_TEST_CASE(what_is_played_with_sets_is_no_repetition) {
  const auto all = names_of_set_rows();
  BOOST_TEST(all.size() == 126U);
  for (const char* kept :
       {"set, Live, return's Placing x API server restarted", "set, Live, return's Restoring x API server restarted",
        "set, Stop, Orphaning x Migration deleted in foreground", "set, Stop, Orphaning x API server restarted",
        "set, Sequential, Orphaning x leader killed", "set, Sequential, Finishing x leader killed",
        "set, Sequential, Renaming x target Pod deleted", "set, Sequential, Restoring x restore fails",
        "set, Stop, Restoring x abort", "set, Sequential, Switching x abort", "set, Live, Switching x abort",
        "set, Stop, Restoring x Migration deleted in background",
        "set, Live, Returning x Migration deleted in background", "set, Stop, Renaming x leader stopped and woken",
        "set, Live, Returning x leader stopped and woken", "set, Live, return's Restoring x leader stopped and woken"})
    BOOST_TEST(all.contains(kept), kept);
  for (const char* left_out :
       {"set, Sequential, Orphaning x Migration deleted in foreground", "set, Stop, Orphaning x source agent killed",
        "set, Live, Orphaning x API server restarted", "set, Sequential, Renaming x target agent killed",
        "set, Stop, Renaming x source agent killed", "set, Stop, Renaming x abort", "set, Live, Returning x abort",
        "set, Live, Finishing x target agent killed", "set, Live, return's Finishing x abort",
        "set, Live, return's Placing x target agent killed", "set, Stop, Freezing x target Pod deleted",
        "set, Stop, Orphaning x Migration deleted in background",
        "set, Live, return's Finishing x leader stopped and woken"})
    BOOST_TEST(!all.contains(left_out), left_out);
}

BOOST_AUTO_TEST_CASE(replica_sets_have_a_table_of_their_own_with_the_adoption_in_the_middle) {
  std::set<std::string> all;
  std::set<Fault> at_adoption;
  std::set<migrate::Strategy> strategies;
  for (const Row& row : all_replica_set_rows()) {
    BOOST_TEST(all.insert(to_string(row)).second, to_string(row));
    BOOST_TEST(row.of_replica_set);
    BOOST_TEST(!row.of_set);
    strategies.insert(row.strategy);
    if (!row.at_adoption) continue;
    // What is held is the write itself, in the phase that it belongs to.
    BOOST_CHECK(row.phase == Phase::finishing);
    BOOST_CHECK(!held_before(row));
    BOOST_CHECK(allowed_ends(row) == std::vector{Phase::succeeded});
    at_adoption.insert(row.fault);
  }
  BOOST_TEST(all.size() == 20U);
  BOOST_TEST(strategies.size() == 3U);
  BOOST_CHECK((at_adoption == std::set{Fault::leader_killed, Fault::leader_slept, Fault::api_server_restarted,
                                       Fault::source_agent_killed, Fault::deleted_in_foreground,
                                       Fault::deleted_in_background}));
  for (const char* kept : {"replica set, Live, Finishing at the adoption x leader killed",
                           "replica set, Stop, Placing x Migration deleted in foreground"})
    BOOST_TEST(all.contains(kept), kept);
  for (const Row& row : covering_replica_set_rows())
    BOOST_TEST(all.contains(to_string(row)), to_string(row));
  // Done and not recorded: its own end is held, as a bare Pod's.
  Row end{Phase::finishing, Fault::leader_killed, migrate::Strategy::live};
  end.of_replica_set = true;
  BOOST_CHECK(held_before(end) == Phase::succeeded);
}

// Whatever is left out: a leader that ends is another one that goes on from the record of just that step.
BOOST_AUTO_TEST_CASE(each_step_of_a_set_has_its_leader_killed) {
  const auto all = names_of_set_rows();
  for (const std::string& row : all)
    if (const auto at = row.find(" x "); at != std::string::npos)
      BOOST_TEST(all.contains(row.substr(0, at) + " x leader killed"), row);
}

// Whoever stops an agent that a step does not ask stops nothing: what follows is played then.
BOOST_AUTO_TEST_CASE(a_step_that_asks_nobody_is_held_at_its_end) {
  const auto held = [](Phase phase, migrate::Strategy strategy, bool of_set, bool in_return = false) {
    return held_before({phase, Fault::leader_killed, strategy, of_set, in_return});
  };
  using migrate::Strategy;
  BOOST_CHECK(held(Phase::placing, Strategy::stop, true) == Phase::orphaning);
  BOOST_CHECK(held(Phase::orphaning, Strategy::stop, true) == Phase::freezing);
  BOOST_CHECK(held(Phase::orphaning, Strategy::sequential, true) == Phase::mirroring);
  BOOST_CHECK(held(Phase::orphaning, Strategy::live, true) == Phase::mirroring);
  BOOST_CHECK(held(Phase::finishing, Strategy::stop, false) == Phase::succeeded);
  BOOST_CHECK(held(Phase::finishing, Strategy::live, false) == Phase::succeeded);
  BOOST_CHECK(held(Phase::finishing, Strategy::live, true) == Phase::returning);
  BOOST_CHECK(held(Phase::finishing, Strategy::live, true, true) == Phase::succeeded);
  // The target's agent prepares for what is to be restored.
  BOOST_CHECK(!held(Phase::placing, Strategy::stop, false));
  BOOST_CHECK(!held(Phase::placing, Strategy::live, true));
  BOOST_CHECK(!held(Phase::placing, Strategy::live, true, true));
  BOOST_CHECK(!held(Phase::renaming, Strategy::stop, true));
}

// What must be gone at the broker is found by the names in the migrations' records.
BOOST_AUTO_TEST_CASE(a_control_queue_without_its_pod_is_left_behind_but_for_a_source_of_stop) {
  const auto moved = [](const char* strategy, const char* from, const char* to) -> Json {
    return {{"spec", {{"pod", {{"name", from}}}}}, {"status", {{"strategy", strategy}, {"target", {{"pod", to}}}}}};
  };
  using Names = std::set<std::string>;
  const auto left = [](const Json& migrations) {
    return control_queues_without_pod(migrations, {"orders", "producer"});
  };
  BOOST_TEST((left(Json::array({moved("Live", "orders-mig-a", "orders")})) == Names{"ms2m.control.orders-mig-a"}));
  BOOST_TEST((left(Json::array({moved("Stop", "orders-mig-a", "orders")})) == Names{}));
  // A target that was given up, of an earlier attempt too.
  Json back = moved("Live", "orders", "orders-mig-b");
  back["status"]["messages"]["controlQueue"] = "ms2m.control.orders-mig-c";
  BOOST_TEST((left(Json::array({back})) == Names{"ms2m.control.orders-mig-b", "ms2m.control.orders-mig-c"}));
  // Who names them by an annotation has none of these, whatever other tests have left under such names.
  back["status"]["messages"]["controlQueue"] = "shop.control.orders-mig-b";
  BOOST_TEST((left(Json::array({back})) == Names{}));
  // The way back into the name is a Stop, and its source a shadow.
  Json home = moved("Stop", "orders-mig-d", "orders");
  home["spec"]["target"]["name"] = "orders";
  BOOST_TEST((left(Json::array({home})) == Names{"ms2m.control.orders-mig-d"}));
}

// An API server that ends cuts what it was sending, and the log is read once more.
BOOST_AUTO_TEST_CASE(of_a_log_that_was_cut_whole_lines_are_kept) {
  BOOST_TEST(whole_lines("{\"id\": 1}\ncannot connect\n{\"id\": 2}\n{\"id\"\n\n{\"id\": 1}\n") ==
             "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 1}\n");
  BOOST_TEST(whole_lines("").empty());
}

// Ten times its longest pause before anybody moved; that is between one second and two.
BOOST_AUTO_TEST_CASE(a_sibling_that_stood_still_is_told_of) {
  const auto told = [](std::int64_t microseconds, std::int64_t before) {
    Json figures;
    figures["gap"]["microseconds"] = microseconds;
    figures["gap"]["endedBy"] = "p-1";
    if (before > 0) figures["undisturbed"]["microseconds"] = before;
    return pause_of_bystander(figures);
  };
  BOOST_TEST(told(120'000, 60'000).empty());
  BOOST_TEST(told(999'999, 60'000).empty());
  BOOST_TEST(told(1'000'000, 60'000).find("1000 ms") != std::string::npos, told(1'000'000, 60'000));
  BOOST_TEST(told(1'499'999, 150'000).empty());
  BOOST_TEST(!told(1'500'000, 150'000).empty());
  BOOST_TEST(!told(2'000'000, 900'000).empty());
  BOOST_TEST(told(1'999'999, 0).empty());  // nothing to compare with
  BOOST_TEST(told(2'300'000, 0).find("2300 ms") != std::string::npos, told(2'300'000, 0));
  BOOST_TEST(!pause_of_bystander(nullptr).empty());  // an audit that says nothing proves nothing
}

BOOST_AUTO_TEST_CASE(a_set_s_scale_is_what_it_was_but_for_the_one_that_is_lent) {
  const auto set = [](int wants, int has) {
    Json object;
    object["metadata"]["uid"] = "u";
    object["spec"]["replicas"] = wants;
    object["status"]["replicas"] = has;
    return object;
  };
  const auto told = [&](const Json& seen, const char* type = "MODIFIED") {
    return incidents_of_set(set(3, 3), {{"ADDED", set(3, 3), true}, {type, seen, false}});
  };
  BOOST_TEST(told(set(3, 3)).empty());
  BOOST_TEST(told(set(3, 2)).empty());
  BOOST_TEST(told(set(3, 1)) == "the set had 1 Pods of 3\n");
  BOOST_TEST(told(set(3, 4)) == "the set had 4 Pods of 3\n");
  BOOST_TEST(told(set(4, 3)) == "the set wanted 4 Pods, and not 3\n");
  BOOST_TEST(told(set(3, 3), "DELETED") == "the set was deleted\n");
  Json other = set(5, 5);
  other["metadata"]["uid"] = "v";
  BOOST_TEST(told(other).empty());
}

BOOST_AUTO_TEST_CASE(series_of_a_name_are_summed_by_their_labels) {
  const std::string text =
      "# HELP moves_total Moves\nmoves_total{how=\"a\",of=\"x\"} 2\nmoves_total{how=\"b\",of=\"x\"} 3\n"
      "moves_total_more{how=\"a\"} 7\nwaiting 4.5\n";
  BOOST_TEST(sum_in(text, "moves_total", "of=\"x\"") == 5);
  BOOST_TEST(sum_in(text, "moves_total", "how=\"b\"") == 3);
  BOOST_TEST(sum_in(text, "waiting") == 4.5);
  BOOST_TEST(sum_in(text, "moves") == 0);
}

BOOST_AUTO_TEST_CASE(specs_differ_in_what_is_not_documented_only) {
  const auto pod = [](const std::string& token, const std::string& node) {
    const Json volume = {{"name", token}, {"projected", Json::object()}};
    const Json container = {{"name", "main"}, {"volumeMounts", {{{"name", token}, {"mountPath", "/token"}}}}};
    return Json{
        {"spec", {{"nodeName", node}, {"containers", Json::array({container})}, {"volumes", Json::array({volume})}}}};
  };
  const Json source = pod("kube-api-access-aaaaa", "node-a");
  Json target = pod("kube-api-access-bbbbb", "node-b");
  target["spec"]["runtimeClassName"] = "migrate";
  target["spec"]["schedulerName"] = "migrate-scheduler";
  BOOST_TEST(differences(source, target).empty());
  target["spec"]["containers"][0]["image"] = "other";
  target["spec"]["priority"] = 7;
  const auto found = differences(source, target);
  BOOST_REQUIRE(found.size() == 2U);
  BOOST_TEST(found[0] + found[1] == "/containers/0/image: nothing became \"other\"/priority: nothing became 7");
}

BOOST_AUTO_TEST_SUITE_END()
