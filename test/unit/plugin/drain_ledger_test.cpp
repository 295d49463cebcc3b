// What is not seen from outside (drain_test): when something is tried again, and what a Migration of somebody else's
// means.
#include "plugin/drain_ledger.h"

#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {
namespace {

using State = DrainEntry::State;

DrainLedger::Aims aims(DrainRules rules = {}) {
  return {.scope = {.node = "node-a", .namespace_ = "", .selector = ""}, .rules = rules, .limits = {}, .target = ""};
}

DrainLook look_with(const std::vector<Json>& pods, const std::vector<Migration>& migrations = {}) {
  DrainLook look;
  for (const Json& pod : pods)
    look.pods.push_back(drain_pod(pod));
  look.migrations = migrations;
  return look;
}

Migration ended(Phase phase, const std::string& reason = "") {
  Migration migration = migration_in(phase);
  migration.status.reason = reason;
  return migration;
}

constexpr DrainLedger::Time kNow{1h};

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_ledger)

BOOST_AUTO_TEST_CASE(what_is_tried_again) {
  struct Row {
    Migration ended;
    unsigned tries;
    bool again;
  };
  Migration both = ended(Phase::refused);
  both.status.refusals = {{"SetRollingOut", "", ""}, {"HostPath", "", ""}};
  const std::vector<Row> rows = {
      {ended(Phase::refused, "PodNotReady"), 1, true},  {ended(Phase::refused, "PodNotReady"), 6, false},
      {ended(Phase::refused, "HostPath"), 1, false},    {both, 1, false},
      {ended(Phase::rolled_back, "NoRoom"), 2, true},   {ended(Phase::rolled_back, "NoRoom"), 3, false},
      {ended(Phase::rolled_back, "Aborted"), 1, false}, {ended(Phase::failed, "RestoreFailed"), 1, false},
      {ended(Phase::in_doubt, "NodeLost"), 1, false},   {ended(Phase::succeeded), 1, false},
  };
  for (const Row& row : rows)
    BOOST_TEST(again_after(row.ended, row.tries).has_value() == row.again,
               to_string(row.ended.status.phase) << " " << row.ended.status.reason << " " << row.tries);
}

// Its memory is not given up for what passes, nor for how long that took.
BOOST_AUTO_TEST_CASE(what_only_had_to_wait_is_never_evicted) {
  for (const char* reason : {"OtherMigrationOfSet", "HostPath"}) {
    const bool passes = std::string_view{reason} == "OtherMigrationOfSet";
    DrainLedger ledger{aims({.evict = true, .force = true})};
    Migration refused = ended(Phase::refused, reason);
    DrainLedger::Time now = kNow;
    for (unsigned attempt = 1; attempt <= 6; ++attempt, now += 10s) {
      (void)ledger.take(look_with({running("orders")}), now);
      refused.uid = "uid-" + std::to_string(attempt);
      for (const DrainPod& pod : ledger.next(now).migrate)
        ledger.started(pod, refused);
      (void)ledger.take(look_with({running("orders")}, {refused}), now);
    }
    const DrainEntry& entry = *ledger.entries().front();
    BOOST_TEST((entry.state == (passes ? State::left : State::to_evict)), reason);
    BOOST_TEST(ledger.next(now).evict.size() == (passes ? 0U : 1U), reason);
    BOOST_TEST(is_pending(entry), reason);
    check_says(entry.why, reason);
  }
}

BOOST_AUTO_TEST_CASE(what_would_only_have_to_wait_is_not_listed_for_eviction) {
  DrainLedger ledger{aims({.evict = true, .force = true})};
  (void)ledger.take(look_with({running("orders")}), kNow);
  const DrainPod pod = ledger.entries().front()->pod;
  ledger.would_be_refused(pod, ended(Phase::refused, "PodNotReady"));
  BOOST_TEST((ledger.entries().front()->state == State::left));
  ledger.would_be_refused(pod, ended(Phase::refused, "HostPath"));
  BOOST_TEST((ledger.entries().front()->state == State::to_evict));
}

BOOST_AUTO_TEST_CASE(a_migration_that_somebody_deletes_is_not_made_anew) {
  DrainLedger ledger{aims({.evict = true, .force = true})};
  Migration at_work = migration_in(Phase::transferring);
  BOOST_TEST(ledger.take(look_with({running("orders")}, {at_work}), kNow).size() == 1U);
  BOOST_TEST((ledger.entries().front()->state == State::moving));
  const auto lines = ledger.take(look_with({running("orders")}), kNow);
  BOOST_REQUIRE(lines.size() == 1U);
  BOOST_TEST(lines.front() == "pod shop/orders is left: its Migration orders-x7k2p was deleted");
  BOOST_TEST(!ledger.is_open());
  // Made again by somebody, it is followed.
  at_work.uid = "uid-another";
  BOOST_TEST(ledger.take(look_with({running("orders")}, {at_work}), kNow).size() == 1U);
  BOOST_TEST(ledger.is_open());
}

BOOST_AUTO_TEST_CASE(a_doubt_that_is_decided_goes_on) {
  DrainLedger ledger{aims()};
  Migration doubt = migration_in(Phase::in_doubt);
  BOOST_TEST(ledger.take(look_with({running("orders")}, {doubt}), kNow).size() == 1U);
  BOOST_TEST((ledger.entries().front()->state == State::in_doubt));
  BOOST_TEST(ledger.take(look_with({running("orders")}, {doubt}), kNow).empty());
  doubt.spec.resolve = Resolution::keep_target;
  BOOST_TEST(ledger.take(look_with({running("orders")}, {doubt}), kNow).size() == 1U);
  BOOST_TEST((ledger.entries().front()->state == State::moving));
  Migration done = migration_in(Phase::succeeded);
  BOOST_TEST(ledger.take(look_with({}, {done}), kNow).size() == 1U);
  BOOST_TEST((ledger.entries().front()->state == State::moved));
  BOOST_TEST(!ledger.is_open());
}

// Its kubelet needs as long as the Pod may take to end.
BOOST_AUTO_TEST_CASE(what_has_moved_is_waited_for_until_it_has_left_the_node) {
  DrainLedger ledger{aims()};
  BOOST_TEST(ledger.take(look_with({running("orders")}, {migration_in(Phase::finishing)}), kNow).size() == 1U);
  const Migration done = migration_in(Phase::succeeded);
  Json ending = running("orders");
  ending["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z";
  BOOST_TEST(ledger.take(look_with({ending}, {done}), kNow).size() == 1U);
  BOOST_TEST(ledger.is_open());
  // The record may go before the Pod.
  BOOST_TEST(ledger.take(look_with({ending}), kNow).empty());
  BOOST_TEST(ledger.is_open());
  BOOST_TEST(ledger.take(look_with({}), kNow).empty());
  BOOST_TEST(!ledger.is_open());
}

BOOST_AUTO_TEST_CASE(as_long_as_nothing_has_begun_a_pod_is_what_it_is_now) {
  DrainLedger ledger{aims()};
  (void)ledger.take(look_with({running("orders")}), kNow);
  BOOST_TEST((ledger.entries().front()->state == State::waiting));
  Json finished = running("orders");
  finished["status"]["phase"] = "Failed";
  (void)ledger.take(look_with({finished}), kNow);
  BOOST_TEST((ledger.entries().front()->state == State::to_evict));
  BOOST_TEST(ledger.next(kNow).evict.size() == 1U);
  (void)ledger.take(look_with({}), kNow);
  BOOST_TEST((ledger.entries().front()->state == State::gone));
}

BOOST_AUTO_TEST_CASE(a_budget_that_allows_nothing_is_told_once_it_has_lasted) {
  DrainLedger ledger{aims()};
  DrainLook look = look_with({running("orders-0", "StatefulSet/orders")});
  look.budgets = {{"shop", "orders", 0, {{"matchLabels", {{"app", "orders"}}}}}};
  std::size_t told = 0;
  for (const auto passed : {0s, 5s, 9s, 10s, 11s, 60s}) {
    (void)ledger.take(look, kNow + passed);
    const auto next = ledger.next(kNow + passed);
    BOOST_TEST(next.migrate.empty());
    told += next.lines.size();
    BOOST_TEST(told == (passed < 10s ? 0U : 1U));
  }
}

// The set's uid is known of a Pod that is here, before the controller has looked at its Migration.
BOOST_AUTO_TEST_CASE(a_migration_that_nobody_has_looked_at_yet_keeps_its_set_from_another_one) {
  DrainLedger ledger{aims()};
  Migration asked = migration_in(Phase::pending);
  asked.spec.pod = "orders-1";
  asked.spec.pod_uid = "uid-orders-1";
  const auto pods = {running("orders-0", "StatefulSet/orders"), running("orders-1", "StatefulSet/orders")};
  (void)ledger.take(look_with(pods, {asked}), kNow);
  BOOST_TEST(ledger.next(kNow).migrate.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
