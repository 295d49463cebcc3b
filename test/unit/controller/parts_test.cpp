// The smaller decisions: leader election, verdict on restores, consumers, patches, who comes first.
#include <boost/test/unit_test.hpp>

#include "extender/controller/other_migrations.h"
#include "extender/controller/queue.h"
#include "extender/controller/steps.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using agent::RestoreState;

BOOST_AUTO_TEST_SUITE(parts)

BOOST_AUTO_TEST_CASE(who_leads) {
  const Steady now{1h};
  const auto lease = [](const char* holder) { return std::optional{LeaseView{holder, 4, "t", "v"}}; };
  struct Row {
    std::optional<LeaseView> lease;
    std::optional<LeaseView> last;
    std::chrono::seconds unchanged;
    LeaderAction expected;
  };
  for (const Row& row : std::vector<Row>{{std::nullopt, std::nullopt, 0s, LeaderAction::create},
                                         {std::nullopt, lease("me"), 0s, LeaderAction::create},
                                         {std::nullopt, lease(""), 0s, LeaderAction::create},
                                         {std::nullopt, lease("other"), 15s, LeaderAction::wait},
                                         {std::nullopt, lease("other"), 16s, LeaderAction::create},
                                         {lease("me"), lease("me"), 0s, LeaderAction::renew},
                                         {lease("me"), lease("me"), 60s, LeaderAction::renew},
                                         {lease(""), lease(""), 0s, LeaderAction::take},
                                         {lease("other"), lease("other"), 15s, LeaderAction::wait},
                                         {lease("other"), lease("other"), 16s, LeaderAction::take}})
    BOOST_CHECK(decide(row.lease, row.last, "me", now - row.unchanged, now) == row.expected);
}

const kube::ResourcePath kLeasePath{"coordination.k8s.io", "v1", "leases", kSystemNamespace, kLease, ""};

struct Replicas {
  controller::fakes::Time time;
  controller::fakes::Cluster cluster{time};
  QuietLog log;
  Leadership first{cluster, time, time, log, "first"};
  Leadership second{cluster, time, time, log, "second"};
};

BOOST_FIXTURE_TEST_CASE(the_lead_goes_over_when_the_leader_sleeps, Replicas) {
  first.turn({});
  second.turn({});
  BOOST_TEST(first.is_leader());
  BOOST_TEST(!second.is_leader());
  BOOST_TEST(first.term() == 1);
  time.pass(11s);  // the first sleeps: before anybody else may lead it does not lead any more
  second.turn({});
  BOOST_TEST(!first.is_leader());
  BOOST_TEST(!second.is_leader());
  time.pass(5s);
  second.turn({});
  BOOST_TEST(second.is_leader());
  BOOST_TEST(second.term() == 2);
  first.turn({});  // awake
  BOOST_TEST(!first.is_leader());
}

BOOST_FIXTURE_TEST_CASE(a_lead_that_is_given_up_is_taken_at_once, Replicas) {
  first.turn({});
  first.give_up();
  BOOST_TEST(!first.is_leader());
  second.turn({});
  BOOST_TEST(second.is_leader());
  BOOST_TEST(second.term() == 2);
}

BOOST_FIXTURE_TEST_CASE(who_renews_keeps_the_term, Replicas) {
  for (int i = 0; i < 20; ++i) {
    first.turn({});
    second.turn({});
    time.pass(2s);
  }
  BOOST_TEST(first.is_leader());
  BOOST_TEST(first.term() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_deleted_lease_is_its_holders_and_its_term_goes_on, Replicas) {
  first.turn({});
  first.give_up();
  second.turn({});
  first.turn({});
  BOOST_TEST(second.term() == 2);
  cluster.drop(kLeasePath);
  first.turn({});
  BOOST_TEST(!first.is_leader());
  second.turn({});
  BOOST_TEST(second.is_leader());
  BOOST_TEST(second.term() == 3);
  // And when its holder is gone as well.
  first.turn({});
  cluster.drop(kLeasePath);
  time.pass(16s);
  first.turn({});
  BOOST_TEST(first.is_leader());
  BOOST_TEST(first.term() == 4);
  second.turn({});
  BOOST_TEST(!second.is_leader());
}

BOOST_FIXTURE_TEST_CASE(who_knows_no_earlier_term_is_told_by_agents_and_raises_its_lease, Replicas) {
  first.turn({});
  BOOST_TEST(first.term() == 1);
  first.heard(7);
  first.heard(5);
  BOOST_TEST(first.term() == 1);  // until the Lease says so
  first.turn({});
  BOOST_TEST(first.is_leader());
  BOOST_TEST(first.term() == 8);
  BOOST_TEST(lease_view(cluster.look(kLeasePath).value()).transitions == 8);
  first.turn({});
  BOOST_TEST(first.term() == 8);
  first.give_up();
  second.turn({});
  BOOST_TEST(second.term() == 9);
}

BOOST_FIXTURE_TEST_CASE(who_does_not_hold_the_lease_raises_nothing, Replicas) {
  first.turn({});
  second.heard(7);
  second.turn({});
  BOOST_TEST(!second.is_leader());
  BOOST_TEST(lease_view(cluster.look(kLeasePath).value()).transitions == 1);
  // Nor does one that has lost it between its look and its write.
  first.heard(7);
  cluster.before_write = [](const std::string&, const kube::ResourcePath&) {
    return std::optional{controller::fakes::Cluster::error(kube::ApiError::Kind::conflict, "it has changed")};
  };
  first.turn({});
  BOOST_TEST(first.term() == 1);
  BOOST_TEST(lease_view(cluster.look(kLeasePath).value()).transitions == 1);
}

BOOST_FIXTURE_TEST_CASE(an_agent_that_lies_does_not_use_the_terms_up, Replicas) {
  first.turn({});
  first.heard(2'147'483'647);
  first.turn({});
  BOOST_TEST(first.is_leader());
  BOOST_TEST(first.term() == 1);
}

BOOST_FIXTURE_TEST_CASE(without_the_lead_nothing_is_written, Replicas) {
  const auto client = guarded(cluster, first);
  const Json pod{{"metadata", {{"name", "x"}}}};
  BOOST_TEST(!client->create(kube::pod("ns", ""), pod));
  first.turn({});
  BOOST_TEST(client->create(kube::pod("ns", ""), pod).has_value());
  time.pass(11s);
  BOOST_TEST(!client->remove(kube::pod("ns", "x")));
  BOOST_TEST(!client->merge_patch(kube::pod("ns", "x"), pod));
  BOOST_TEST(client->get(kube::pod("ns", "x")).value().has_value());
}

BOOST_AUTO_TEST_CASE(what_restored_containers_mean_together) {
  const auto of = [](RestoreState state, std::optional<bool> resumed = {}) {
    return agent::RestoredContainer{"c", state, "why", resumed};
  };
  const auto failed = [&](std::optional<bool> resumed) { return of(RestoreState::failed, resumed); };
  struct Row {
    std::vector<agent::RestoredContainer> containers;
    Verdict expected;
  };
  const auto used = of(RestoreState::used);
  for (const Row& row : std::vector<Row>{{{}, Verdict::waiting},
                                         {{used}, Verdict::running},
                                         {{used, of(RestoreState::claimed)}, Verdict::waiting},
                                         {{of(RestoreState::claimed)}, Verdict::waiting},
                                         {{failed(false)}, Verdict::never_ran},
                                         {{failed(true)}, Verdict::unsure},
                                         {{failed({})}, Verdict::unsure},
                                         {{failed(false), of(RestoreState::prepared)}, Verdict::never_ran},
                                         {{used, failed(false)}, Verdict::unsure},
                                         {{of(RestoreState::claimed), failed(false)}, Verdict::unsure},
                                         {{failed(false), failed(true)}, Verdict::unsure}})
    BOOST_CHECK(judge(row.containers) == row.expected);
}

BOOST_AUTO_TEST_CASE(a_patch_of_the_difference) {
  const Json from = Json::parse(R"({"a": 1, "b": {"c": 1, "d": 2}, "e": [1], "gone": true})");
  const Json to = Json::parse(R"({"a": 1, "b": {"c": 1, "x": 3}, "e": [2], "new": {}})");
  const Json patch = merge_difference(from, to);
  BOOST_TEST(patch == Json::parse(R"({"b": {"d": null, "x": 3}, "e": [2], "gone": null, "new": {}})"));
  Json patched = from;
  patched.merge_patch(patch);
  BOOST_TEST(patched == to);
}

BOOST_AUTO_TEST_CASE(the_queue_by_spec_and_annotations) {
  Migration migration = samples::migration();
  PodView pod;
  pod.name = "orders-3";
  BOOST_TEST(!queue_of(migration, pod));
  pod.queue = "q.{ordinal}.{pod}";
  pod.broker_secret = "rabbit";
  BOOST_TEST(queue_of(migration, pod)->queue == "q.3.orders-3");
  migration.spec.queue = "mine";
  BOOST_TEST(queue_of(migration, pod)->queue == "mine");
  migration.spec.messages = MessageMode::none;
  BOOST_TEST(!queue_of(migration, pod));
}

BOOST_AUTO_TEST_CASE(another_queue_than_the_pods_needs_its_secret_named) {
  Migration migration = samples::migration();
  PodView pod;
  pod.name = "orders-3";
  pod.queue = "q.{ordinal}";
  pod.broker_secret = "rabbit";
  const auto trouble = [&](const std::string& queue, const std::string& secret = "") {
    migration.spec.queue = queue;
    migration.spec.broker_secret = secret;
    return queue_trouble(migration, pod);
  };
  BOOST_TEST(trouble("") == "");
  BOOST_TEST(trouble("q.3") == "");
  BOOST_TEST(trouble("q.{ordinal}") == "");
  BOOST_TEST(trouble("q.4").find("its annotations name queue q.3 and the Secret rabbit, and queue q.4") == 0U);
  BOOST_TEST(trouble("q.4", "rabbit") == "");
  migration.spec.target_name = "orders-4";  // the controller's second hop
  BOOST_TEST(trouble("q.4") == "");
  migration.spec.target_name.clear();
  pod.queue.clear();
  BOOST_TEST(trouble("q.3").find("its annotations name no queue") == 0U);
  migration.spec.messages = MessageMode::none;
  BOOST_TEST(trouble("q.4") == "");
  migration.spec.messages = MessageMode::automatic;
  pod.broker_secret.clear();
  BOOST_TEST(trouble("q.4") == "");  // nothing is done with it
}

BOOST_AUTO_TEST_CASE(whose_connections_are_closed) {
  PodView pod;
  pod.address = "10.0.0.9";
  const std::vector<std::string> mine{"mine"};
  BOOST_CHECK(connections_of({{"a", "mine", "10.0.0.9"}, {"b", "mine", "10.0.0.9"}, {"c", "other", "1.1.1.1"}}, pod) ==
              mine);
  BOOST_CHECK(connections_of({{"a", "mine", "192.168.0.1"}}, pod) == mine);  // through address translation
  BOOST_CHECK(connections_of({}, pod)->empty());
  BOOST_CHECK(connections_of({{"a", "", ""}}, pod)->empty());  // not told yet
  BOOST_TEST(!connections_of({{"a", "x", "1.1.1.1"}, {"b", "y", "1.1.1.1"}}, pod));
}

BOOST_AUTO_TEST_CASE(which_migration_of_a_pod_comes_first) {
  const Migration own = samples::migration();
  Migration other = own;
  BOOST_TEST(!comes_first(other, own));  // itself
  other.uid = "other";
  other.name = "orders-0";
  BOOST_TEST(comes_first(other, own));  // of the same instant: by name
  other.created = own.created + 1s;
  BOOST_TEST(!comes_first(other, own));
  other.status.phase = Phase::placing;
  BOOST_TEST(comes_first(other, own));
  other.spec.dry_run = true;
  BOOST_TEST(!comes_first(other, own));
  other.spec.dry_run = false;
  other.status.phase = Phase::succeeded;
  BOOST_TEST(!comes_first(other, own));
}

BOOST_AUTO_TEST_CASE(which_of_two_that_are_both_recorded_comes_first) {
  Migration own = samples::migration();
  own.status.phase = Phase::placing;
  Migration other = own;
  other.uid = "other";
  other.name = "orders-0";
  BOOST_TEST(comes_first(other, own));
  other.status.phase = Phase::preparing;  // it looks later, and sees this one
  BOOST_TEST(!comes_first(other, own));
  other.status.phase = Phase::rolling_back;  // it has given way
  BOOST_TEST(!comes_first(other, own));
  other.created = own.created + 1s;
  other.status.phase = Phase::placing;
  BOOST_TEST(!comes_first(other, own));
  // Whatever it is made: what is behind it does not look again.
  other.status.target.pod = "orders-mig-hold";
  for (const Phase phase : {Phase::placing, Phase::orphaning, Phase::freezing, Phase::in_doubt, Phase::rolling_back}) {
    other.status.phase = phase;
    BOOST_TEST(comes_first(other, own), to_string(phase));
  }
  BOOST_TEST(!comes_first(own, other));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
