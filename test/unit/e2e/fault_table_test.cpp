// The tables and comparisons that end-to-end tests judge by, which no cluster is needed for.
#include <boost/test/unit_test.hpp>
#include <set>

#include "test/e2e/faults.h"
#include "test/e2e/product_metrics.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/rich_pod.h"

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
  BOOST_TEST(all.contains("set, Live, return's Restoring x API server restarted"));
  BOOST_TEST(all.contains("set, Sequential, Orphaning x Migration deleted in foreground"));
  // The first hop is over: there is only forward.
  Row way_back{Phase::freezing, Fault::abort, migrate::Strategy::live};
  way_back.of_set = way_back.in_return = true;
  BOOST_TEST((allowed_ends(way_back) == std::vector{Phase::succeeded}));
  way_back.in_return = false;
  BOOST_TEST((allowed_ends(way_back) == std::vector{Phase::rolled_back}));
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
  // The way back into the name is a Stop, and its source a shadow.
  Json home = moved("Stop", "orders-mig-d", "orders");
  home["spec"]["target"]["name"] = "orders";
  BOOST_TEST((left(Json::array({home})) == Names{"ms2m.control.orders-mig-d"}));
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
