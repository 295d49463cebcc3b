// Budgets that choose a strategy or refuse, and speeds that the cluster has shown.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "test/unit/controller/replay_scene.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(budgets)

// 1000 MiB: Stop is forecast at 10.4 s, Live at 3.2 s.
struct Large : Replay {
  explicit Large(Strategy strategy) : Replay(strategy) {
    source.facts.containers.front().memory = 1'000_MiB;
    broker->publish_rate = 10;
    cluster.change(pod("orders"),
                   [](Json& object) { object["metadata"]["annotations"][kServiceTimeAnnotation] = "50ms"; });
  }
  void ask(const char* field, const char* budget) {
    edit([&](Json& object) { object["spec"][field] = budget; });
  }
};

struct Row {
  Strategy asked;
  const char* field;
  const char* budget;
  const char* reason;  // empty: it moves
  Strategy chosen;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << to_string(row.asked) << " " << row.field << " " << row.budget;
  }
};

const std::vector<Row> kRows{
    {Strategy::automatic, "gapBudget", "4s", "", Strategy::live, ""},
    {Strategy::automatic, "maxTotal", "13s", "", Strategy::stop, ""},
    {Strategy::automatic, "gapBudget", "1s", "GapBudget", Strategy::stop,
     "no strategy that may be used keeps a gap of 1.00 s: Stop is forecast at 10.4 s"},
    {Strategy::automatic, "maxTotal", "2s", "MaxTotal", Strategy::stop,
     "no strategy that may be used keeps a total of 2.00 s: Stop is forecast at 11.8 s"},
    {Strategy::stop, "gapBudget", "11s", "", Strategy::stop, ""},
    {Strategy::stop, "gapBudget", "4s", "GapBudget", Strategy::stop,
     "allow more by --gap-budget, or use another --strategy"},
    {Strategy::live, "maxTotal", "5s", "MaxTotal", Strategy::live, "strategy Live does not keep a total of 5.00 s"},
};

BOOST_DATA_TEST_CASE(what_a_budget_makes_of_a_migration, data::make(kRows), row) {
  Large scene{row.asked};
  scene.ask(row.field, row.budget);
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == (*row.reason == 0 ? "Succeeded" : "Refused"), status.message);
  BOOST_TEST(status.reason == row.reason);
  BOOST_TEST(to_string(status.strategy) == to_string(row.chosen));
  BOOST_TEST(status.message.find(row.says) != std::string::npos, status.message);
}

BOOST_AUTO_TEST_CASE(a_budget_is_not_kept_at_unknown_rates) {
  Large scene{Strategy::live};
  scene.broker->publish_rate.reset();
  scene.ask("gapBudget", "10s");
  const MigrationStatus status = scene.run();
  BOOST_TEST(status.reason == "GapBudget");
  BOOST_TEST(status.message.find("whether strategy Live keeps a gap of 10.0 s cannot be told") != std::string::npos,
             status.message);
  BOOST_TEST(status.message.find("Live: the rate of arrivals is not known") != std::string::npos, status.message);
}

BOOST_AUTO_TEST_CASE(one_that_may_be_missed_is_told) {
  for (const char* budget : {"1s", "2s"}) {
    Scene scene;
    scene.edit([&](Json& object) { object["spec"]["gapBudget"] = budget; });
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == "Succeeded", status.message);
    const bool is_told = !status.warnings.empty() &&
                         status.warnings.front() ==
                             "a gap of up to 1.26 s is possible by the forecast, above the 1.00 s of --gap-budget";
    BOOST_TEST(is_told == (std::string{budget} == "1s"));
  }
}

double error_of(std::optional<milliseconds> said, std::optional<milliseconds> fact) {
  BOOST_REQUIRE(said && fact);
  const auto expected = static_cast<double>(said->count());
  return std::abs(expected - static_cast<double>(fact->count())) / static_cast<double>(fact->count());
}

// In here a checkpoint takes 200 ms, a transfer 100 and a restore 150.
BOOST_AUTO_TEST_CASE(a_migration_is_forecast_from_those_before_it) {
  Scene first;
  const MigrationStatus before = first.run();
  BOOST_TEST((before.forecast_gap == 630ms));
  BOOST_TEST(error_of(before.forecast_gap, before.gap) > 0.25);

  Scene second;
  second.speeds.learn(first.migration());
  second.edit([](Json& object) { object["spec"]["target"] = {{"node", "node-b"}}; });
  const MigrationStatus after = second.run();
  BOOST_TEST(to_string(after.phase) == "Succeeded", after.message);
  BOOST_TEST(error_of(after.forecast_gap, after.gap) < 0.05);
  BOOST_TEST(error_of(after.forecast_freeze, after.freeze) < 0.05);
  const auto total = std::chrono::duration_cast<milliseconds>(*after.finished - *after.started);
  BOOST_TEST(error_of(after.forecast_total, total) < 0.25);
  BOOST_TEST(after.forecast_gap_range.value().low < *after.forecast_gap);
  BOOST_TEST(after.forecast_gap_range.value().high > *after.forecast_gap);
  BOOST_TEST(after.forecast_gap_range.value().high < 2 * *after.forecast_gap);
}

Migration moved(int number, const std::string& to, milliseconds transfer) {
  Migration made = samples::migration();
  made.uid = "uid-" + std::to_string(number);
  MigrationStatus& status = made.status;
  status.phase = Phase::succeeded;
  status.strategy = Strategy::stop;
  status.checkpoint = CheckpointBackend::direct;
  status.source.node = "node-a";
  status.target.node = to;
  status.forecast_size = 20_MiB;
  const Instant began{std::chrono::hours{number}};
  status.steps = {{"Transferring", began, began + transfer, ""}};
  status.finished = began + transfer;
  return made;
}

milliseconds transfer_to(const SpeedBook& book, const std::string& to) {
  const HopKind kind{"node-a", to, CheckpointBackend::direct};
  return forecast({20_MiB, {}, {}}, CheckpointBackend::direct, book.speeds(kind, 20_MiB).speeds).transfer;
}

BOOST_AUTO_TEST_CASE(speeds_are_kept_by_pairs_of_nodes) {
  SpeedBook book;
  BOOST_TEST((transfer_to(book, "node-b") == 100ms));
  book.learn(moved(1, "node-b", 200ms));
  book.learn(moved(2, "node-c", 50ms));
  BOOST_TEST((transfer_to(book, "node-b") == 200ms));
  BOOST_TEST((transfer_to(book, "node-c") == 50ms));
}

// Once each, however often the watch shows them; and no more than the last eight of a kind.
BOOST_AUTO_TEST_CASE(the_last_ones_count) {
  SpeedBook book;
  for (int number = 1; number <= 3; ++number)
    book.learn(moved(number, "node-b", 200ms));
  for (int again = 0; again < 20; ++again)
    book.learn(moved(4, "node-b", 50ms));
  BOOST_TEST((transfer_to(book, "node-b") == 200ms));
  for (int number = 5; number <= 12; ++number)
    book.learn(moved(number, "node-b", 400ms));
  BOOST_TEST((transfer_to(book, "node-b") == 400ms));
  for (int again = 0; again < 20; ++again)  // seen late, as a new leader does
    book.learn(moved(1, "node-b", 200ms));
  BOOST_TEST((transfer_to(book, "node-b") == 400ms));
}

BOOST_AUTO_TEST_CASE(moves_of_another_kind_push_out_none) {
  SpeedBook book;
  for (int number = 1; number <= 2; ++number) {
    Migration live = moved(number, "node-b", 200ms);
    live.status.strategy = Strategy::live;
    live.status.steps.push_back({"Placing", Instant{}, Instant{} + 2s, ""});
    book.learn(live);
  }
  for (int number = 3; number <= 20; ++number) {
    Migration stop = moved(number, "node-b", 200ms);
    stop.status.steps.push_back({"Placing", Instant{}, Instant{} + 1s, ""});
    book.learn(stop);
  }
  const Learned learned = book.speeds({"node-a", "node-b", CheckpointBackend::direct}, 20_MiB);
  BOOST_TEST((learned.fixed.live.placing == 2s));
  BOOST_TEST((learned.fixed.stop.placing == 1s));
}

BOOST_AUTO_TEST_CASE(what_did_not_succeed_teaches_nothing) {
  SpeedBook book;
  Migration back = moved(1, "node-b", 400ms);
  back.status.phase = Phase::rolled_back;
  book.learn(back);
  BOOST_TEST((transfer_to(book, "node-b") == 100ms));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
