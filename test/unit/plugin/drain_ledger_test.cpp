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

// A Pod that a budget called "web" covers.
Json of_web(const std::string& name, const std::string& owner = "") {
  Json pod = running(name, owner);
  pod["metadata"]["labels"] = {{"app", "web"}};
  return pod;
}

Budget budget_of_web(std::size_t allowed) {
  return {"shop", "web", allowed, {{"matchLabels", {{"app", "web"}}}}};
}

// Somebody's, from another node: of a Pod that the budget covers, too.
void add_elsewhere(DrainLook& look) {
  Migration other = migration_in(Phase::transferring);
  other.uid = "uid-elsewhere";
  other.spec.pod = "elsewhere";
  other.spec.pod_uid = "uid-of-elsewhere";
  other.status.source = {"elsewhere", "uid-of-elsewhere", "node-c"};
  look.migrations.push_back(other);
  look.moved_pods[other.uid] = of_web("elsewhere");
}

// Its next Migration ends so.
void end_next(DrainLedger& ledger, const Json& pod, Migration how, DrainLedger::Time& now) {
  static int made = 0;
  how.uid = "uid-end-" + std::to_string(++made);
  (void)ledger.take(look_with({pod}), now);
  for (const DrainPod& one : ledger.next(now).migrate)
    ledger.started(one, how);
  (void)ledger.take(look_with({pod}, {how}), now);
  now += 10s;
}

std::vector<std::string> names_of(const std::vector<DrainPod>& pods) {
  std::vector<std::string> names;
  for (const DrainPod& one : pods)
    names.push_back(one.name);
  return names;
}

constexpr DrainLedger::Time kNow{1h};

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_ledger)

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

// A set that rolled out for a while has not used up the tries of what goes wrong.
BOOST_AUTO_TEST_CASE(one_rollback_after_refusals_evicts_nobody) {
  DrainLedger ledger{aims({.evict = true, .force = true})};
  DrainLedger::Time now = kNow;
  for (int i = 0; i < 3; ++i)
    end_next(ledger, running("orders"), ended(Phase::refused, "SetRollingOut"), now);
  for (int i = 0; i < 2; ++i) {
    end_next(ledger, running("orders"), ended(Phase::rolled_back, "CheckpointFailed"), now);
    BOOST_TEST((ledger.entries().front()->state == State::waiting), i);
  }
  end_next(ledger, running("orders"), ended(Phase::rolled_back, "CheckpointFailed"), now);
  BOOST_TEST((ledger.entries().front()->state == State::to_evict));
}

BOOST_AUTO_TEST_CASE(an_outage_of_the_broker_evicts_nobody) {
  DrainLedger ledger{aims({.evict = true, .force = true})};
  DrainLedger::Time now = kNow;
  for (int i = 0; i < 3; ++i)
    end_next(ledger, running("orders"), ended(Phase::rolled_back, "Broker"), now);
  BOOST_TEST((ledger.entries().front()->state == State::left));
  BOOST_TEST(ledger.next(now).evict.empty());
}

// A frozen source counts as ready, so the API server would agree to the eviction.
BOOST_AUTO_TEST_CASE(a_budget_is_kept_by_moves_and_evictions_together) {
  DrainLedger ledger{aims({.evict = true})};
  DrainLook look = look_with({of_web("web-1"), of_web("web-2", "Job/web")});
  look.budgets = {budget_of_web(1)};
  (void)ledger.take(look, kNow);
  const auto next = ledger.next(kNow);
  BOOST_TEST(names_of(next.migrate) == std::vector<std::string>{"web-1"}, boost::test_tools::per_element());
  BOOST_TEST(next.evict.empty());
}

BOOST_AUTO_TEST_CASE(evictions_count_the_moves_of_others_and_each_other) {
  for (const std::size_t allowed : {0U, 1U, 2U, 3U}) {
    DrainLedger ledger{aims({.evict = true})};
    DrainLook look = look_with({of_web("web-1", "Job/web"), of_web("web-2", "Job/web")});
    look.budgets = {budget_of_web(allowed)};
    DrainLook alone = look;
    add_elsewhere(look);
    (void)ledger.take(look, kNow);
    BOOST_TEST(ledger.next(kNow).evict.size() == (allowed == 0 ? 0 : allowed - 1), allowed);
    // Where nobody moves the API server counts, and knows better.
    (void)ledger.take(alone, kNow);
    BOOST_TEST(ledger.next(kNow).evict.size() == 2U, allowed);
  }
}

BOOST_AUTO_TEST_CASE(evictions_come_last_but_for_what_has_finished) {
  DrainLedger ledger{aims({.evict = true})};
  Json finished = running("done", "Job/done");
  finished["status"]["phase"] = "Succeeded";
  const std::vector<Json> pods = {running("broker", "Job/broker"), finished, running("orders")};
  (void)ledger.take(look_with(pods), kNow);
  BOOST_TEST(names_of(ledger.next(kNow).evict) == std::vector<std::string>{"done"}, boost::test_tools::per_element());
  Migration at_work = migration_in(Phase::transferring);
  (void)ledger.take(look_with({pods.front(), pods.back()}, {at_work}), kNow);
  BOOST_TEST(ledger.next(kNow).evict.empty());
  // It has left the node, and is not there yet.
  (void)ledger.take(look_with({pods.front()}, {at_work}), kNow);
  BOOST_TEST(ledger.next(kNow).evict.empty());
  (void)ledger.take(look_with({pods.front()}, {migration_in(Phase::succeeded)}), kNow);
  BOOST_TEST(names_of(ledger.next(kNow).evict) == std::vector<std::string>{"broker"}, boost::test_tools::per_element());
}

// What is to be evicted may be what keeps the budget from allowing anything.
BOOST_AUTO_TEST_CASE(whom_a_budget_holds_holds_no_evictions) {
  DrainLedger ledger{aims({.evict = true})};
  DrainLook look = look_with({of_web("web-1"), of_web("web-2", "Job/web")});
  look.budgets = {budget_of_web(0)};
  for (const auto passed : {0s, 5s, 10s}) {
    (void)ledger.take(look, kNow + passed);
    BOOST_TEST(ledger.next(kNow + passed).evict.size() == (passed < 10s ? 0U : 1U));
  }
  // It has its turn now, so somebody moves.
  look.budgets = {budget_of_web(1)};
  (void)ledger.take(look, kNow + 11s);
  const auto next = ledger.next(kNow + 11s);
  BOOST_TEST(next.migrate.size() == 1U);
  BOOST_TEST(next.evict.empty());
}

BOOST_AUTO_TEST_CASE(what_finds_no_room_keeps_nobody_else_waiting) {
  DrainLedger ledger{aims()};
  std::vector<Migration> unplaceable;
  for (const char* name : {"large-1", "large-2"}) {
    Migration one = migration_in(Phase::placing, {step(Phase::placing, 0ms, {}, "the scheduler says: 0/3 nodes")});
    one.uid = std::string("uid-") + name;
    one.spec.pod = name;
    one.spec.pod_uid = std::string("uid-of-") + name;
    one.status.target = {"large-mig", "", ""};
    unplaceable.push_back(one);
  }
  (void)ledger.take(look_with({running("small")}, unplaceable), kNow);
  BOOST_TEST(ledger.next(kNow).migrate.size() == 1U);
  // Before the scheduler has said anything they may come to any node at any moment.
  for (Migration& one : unplaceable)
    one.status.steps.back().message.clear();
  (void)ledger.take(look_with({running("small")}, unplaceable), kNow);
  BOOST_TEST(ledger.next(kNow).migrate.empty());
}

BOOST_AUTO_TEST_CASE(what_no_migration_has_answered_for_is_judged_anew) {
  DrainLedger ledger{aims()};
  Json starting = running("orders-0", "StatefulSet/orders");
  starting["status"]["phase"] = "Pending";
  (void)ledger.take(look_with({starting}), kNow);
  BOOST_TEST((ledger.entries().front()->state == State::left));
  DrainLedger::Time now = kNow + 1s;
  end_next(ledger, running("orders-0", "StatefulSet/orders"), ended(Phase::refused, "HostPath"), now);
  BOOST_TEST((ledger.entries().front()->state == State::left));
  // What the controller has said stands.
  (void)ledger.take(look_with({running("orders-0", "StatefulSet/orders")}), now);
  BOOST_TEST((ledger.entries().front()->state == State::left));
  check_says(ledger.entries().front()->why, "HostPath");
}

BOOST_AUTO_TEST_CASE(what_an_eviction_waits_for_is_kept_by_later_looks) {
  DrainLedger ledger{aims({.evict = true})};
  const std::vector<Json> pods = {running("report", "Job/report")};
  (void)ledger.take(look_with(pods), kNow);
  const auto evicted = ledger.next(kNow).evict;
  BOOST_REQUIRE(evicted.size() == 1U);
  ledger.evict_later(evicted.front(), "the budget says no", kNow + 5s);
  (void)ledger.take(look_with(pods), kNow + 1s);
  BOOST_TEST(ledger.entries().front()->why == "the budget says no");
  BOOST_TEST(ledger.next(kNow + 1s).evict.empty());
}

BOOST_AUTO_TEST_CASE(a_pod_whose_migration_has_failed_is_nobodys_to_touch) {
  DrainLedger ledger{aims({.evict = true, .force = true})};
  const auto lines = ledger.take(look_with({running("orders")}, {ended(Phase::failed, "RestoreFailed")}), kNow);
  BOOST_REQUIRE(lines.size() == 1U);
  check_says(lines.front(), "pod shop/orders failed: RestoreFailed");
  BOOST_TEST((ledger.entries().front()->state == State::failed));
  const auto next = ledger.next(kNow);
  BOOST_TEST((next.migrate.empty() && next.evict.empty()));
  BOOST_TEST(ledger.take(look_with({running("orders")}, {ended(Phase::failed, "RestoreFailed")}), kNow).empty());
}

BOOST_AUTO_TEST_CASE(a_second_hop_that_waits_for_a_person_is_its_first_ones) {
  Migration first = migration_in(Phase::returning);
  first.status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
  Migration hop = migration_in(Phase::transferring);
  hop.name = "orders-x7k2p-name-1";
  hop.uid = "uid-hop";
  hop.spec.pod = "orders-mig-ab12c";
  hop.spec.pod_uid = "uid-target";
  hop.spec.target_name = "orders";
  DrainLedger ledger{aims()};
  (void)ledger.take(look_with({}, {first, hop}), kNow);
  BOOST_TEST((ledger.entries().front()->state == State::moving));
  hop.status.phase = Phase::in_doubt;
  hop.status.reason = "NodeLost";
  const auto lines = ledger.take(look_with({}, {first, hop}), kNow);
  BOOST_REQUIRE(lines.size() == 1U);
  BOOST_TEST(lines.front() == "pod shop/orders is in doubt: NodeLost");
  BOOST_TEST((ledger.entries().front()->state == State::in_doubt));
  check_says(ledger.entries().front()->advice, "kubectl migrate status orders-x7k2p-name-1 -n shop");
  BOOST_TEST(!ledger.is_open());
  // Decided, it goes on; one that has failed keeps a set's first one waiting as well.
  hop.spec.resolve = Resolution::keep_source;
  (void)ledger.take(look_with({}, {first, hop}), kNow);
  BOOST_TEST((ledger.entries().front()->state == State::moving));
  hop.status.phase = Phase::failed;
  (void)ledger.take(look_with({}, {first, hop}), kNow);
  BOOST_TEST((ledger.entries().front()->state == State::failed));
  // All others then do without the name.
  first.status.owner.reset();
  DrainLedger other{aims()};
  (void)other.take(look_with({}, {first, hop}), kNow);
  BOOST_TEST((other.entries().front()->state == State::moving));
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
