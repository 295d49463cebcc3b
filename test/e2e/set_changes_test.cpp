// A set that is scaled, rolled out or deleted while one of its Pods is lent: as long as that lasts nothing happens to
// any of its Pods that works, the move ends as if nothing had been, and then the set does what it was asked for.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <thread>

#include "test/e2e/held_move.h"
#include "test/e2e/pod_events.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/set_watch.h"
#include "test/e2e/sets.h"
#include "test/e2e/small_pods.h"

using namespace harness;
using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

namespace data = boost::unit_test::data;

// The lowest one has a load, and moves: what is done to the set ends the memory of the others.
constexpr int kMoved = 0;
const std::string kMovedPod = SetScene::pod_of(kMoved);
constexpr int kReplicas = 3;
const std::string kLast = SetScene::pod_of(kReplicas - 1);
const SetSpec kSpec{.replicas = kReplicas, .per_second = 8, .loaded = 1};

const std::string& ns_of(const SetScene& set) {
  return set.stage().ns().name();
}

// Its controller has seen what is asked for, and would have had the time to do it.
void await_seen(const SetScene& set) {
  eventually("the set's controller to see what is asked for", [&] {
    const Json now = set.object();
    return now.at("status").value("observedGeneration", 0) == now.at("metadata").at("generation");
  });
  std::this_thread::sleep_for(3s);
}

void scale(const SetScene& set, int replicas) {
  set.cluster().kubectl(
      {"-n", ns_of(set), "scale", std::string{"statefulset/"} + kSet, fmt::format("--replicas={}", replicas)});
  await_seen(set);
}

void await_rollout(const SetScene& set) {
  set.cluster().kubectl({"-n", ns_of(set), "rollout", "status", std::string{"statefulset/"} + kSet, "--timeout=240s"});
}

Json pods_of(const SetScene& set) {
  return set.cluster().get({"pods", "-n", ns_of(set), "-l", fmt::format("app={}", kSet)}).at("items");
}

// Their uids, by their names. Shadows have the labels of their source.
std::map<std::string, std::string> uids_of(const SetScene& set) {
  std::map<std::string, std::string> uids;
  for (const Json& pod : pods_of(set))
    uids[name_of(pod)] = uid_of(pod);
  return uids;
}

void check_no_incidents(const SetWatch& watch) {
  BOOST_TEST(watch.incidents() == "");
}

void judge(SetScene& set) {
  check_no_queues_left(set.stage());
  const Verdict verdict = set.at(kMoved).judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

void set_finalizers(const SetScene& set, const std::string& pod, const Json& finalizers) {
  Json patch;
  patch["metadata"]["finalizers"] = finalizers;
  set.cluster().kubectl({"-n", ns_of(set), "patch", "pod", pod, "--type=merge", "-p", patch.dump()});
}

// As its author would make it once more.
Json made_anew(const Json& set) {
  Json made;
  for (const char* field : {"apiVersion", "kind", "spec"})
    made[field] = set.at(field);
  for (const char* field : {"name", "namespace"})
    made["metadata"][field] = set.at("metadata").at(field);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(set_changes)

BOOST_AUTO_TEST_CASE(one_that_is_scaled_meanwhile_scales_afterwards) {
  SetScene set{"set-scaled", DnsClient::no};
  set.start(kSpec);
  const SetWatch watch{set.stage(), kSet, kMovedPod};
  {
    HeldMove move{set.at(kMoved), {"stop", "Freezing"}, "there-and-back"};
    scale(set, kReplicas - 1);
    scale(set, kReplicas);
    check_no_incidents(watch);
    move.let_succeed();
  }
  await_seen(set);
  check_no_incidents(watch);
  {
    // The name is free of its source.
    HeldMove move{set.at(kMoved), {"sequential", "Restoring"}, "and-down"};
    scale(set, kReplicas - 1);
    check_no_incidents(watch);
    move.let_succeed();
  }
  auto uids = uids_of(set);
  eventually("set orders to remove " + kLast, [&] { return !uids_of(set).contains(kLast); });
  scale(set, kReplicas);
  await_rollout(set);
  auto now = uids_of(set);
  BOOST_TEST(now.erase(kLast) == 1U);
  uids.erase(kLast);
  BOOST_TEST((now == uids));
  set.at(kMoved).wait_for_more(20);
  judge(set);
}

struct Rollout {
  const char* ns;
  Door door;
  friend std::ostream& operator<<(std::ostream& out, const Rollout& row) { return out << row.ns; }
};
const std::vector<Rollout> kRollouts{
    {"set-restarted", {"stop", "Freezing"}},
    // Where a shadow works, and nobody has the name.
    {"set-restarted-returning", {"live", "Freezing", /*in_return=*/true}},
};

BOOST_DATA_TEST_CASE(one_that_rolls_out_meanwhile_does_so_afterwards, data::make(kRollouts), row) {
  SetScene set{row.ns, DnsClient::no};
  set.start(kSpec);
  // A rollout begins with the highest and waits for it: so what has moved can be looked at before it is its turn.
  const Undo undo{[&] { set_finalizers(set, kLast, nullptr); }};
  set_finalizers(set, kLast, Json::parse(R"(["example.com/mine"])"));
  const auto before = uids_of(set);
  const SetWatch watch{set.stage(), kSet, kMovedPod};
  HeldMove move{set.at(kMoved), row.door, "restarted"};
  set.cluster().kubectl({"-n", ns_of(set), "rollout", "restart", std::string{"statefulset/"} + kSet});
  await_seen(set);
  check_no_incidents(watch);
  move.let_succeed();

  eventually("the rollout to begin with " + kLast,
             [&] { return set.stage().pod(kLast).at("metadata").contains("deletionTimestamp"); });
  judge(set);
  set_finalizers(set, kLast, nullptr);
  await_rollout(set);
  const auto revision = set.object().at("status").at("updateRevision").get<std::string>();
  const Json pods = pods_of(set);
  BOOST_TEST(pods.size() == static_cast<std::size_t>(kReplicas));
  for (const Json& pod : pods) {
    BOOST_TEST(before.at(name_of(pod)) != uid_of(pod), name_of(pod) << " is as it was before the rollout");
    BOOST_TEST(pod.at("metadata").at("labels").at("controller-revision-hash") == revision, name_of(pod));
    BOOST_TEST(!pod.at("spec").contains("runtimeClassName"), name_of(pod) << " is none of the template's");
  }
}

struct Deletion {
  const char* ns;
  const char* cascade;
  Door door;
  bool is_aborted = false;
  friend std::ostream& operator<<(std::ostream& out, const Deletion& row) { return out << row.ns; }
};
const std::vector<Deletion> kDeletions{
    {"set-deleted", "background", {"stop", "Freezing"}},
    {"set-deleted-renamed", "foreground", {"stop", "Restoring"}},
    {"set-orphaning", "orphan", {"sequential", "Switching"}},
    {"set-deleted-returning", "background", {"live", "Freezing", /*in_return=*/true}},
    {"set-deleted-aborted", "foreground", {"live", "Replaying"}, /*is_aborted=*/true},
};

// While the set is deleted: what is lent stays, and is no more the set's; of the others what is asked for happens.
void delete_set(const SetScene& set, const Deletion& row) {
  const std::string uid = uid_of(set.object());
  const auto before = uids_of(set);
  set.cluster().kubectl(
      {"-n", ns_of(set), "delete", "statefulset", kSet, fmt::format("--cascade={}", row.cascade), "--timeout=120s"});
  auto left = before;
  if (std::string{row.cascade} != "orphan")
    std::erase_if(
        left, [](const auto& one) { return one.first != kMovedPod && !one.first.starts_with(kMovedPod + "-mig-"); });
  eventually("the garbage collector to have seen to the Pods of the set", [&] {
    const Json pods = pods_of(set);
    return uids_of(set) == left && std::none_of(pods.begin(), pods.end(), [&](const Json& pod) {
             return is_owned_by(pod, uid) || pod.at("metadata").contains("deletionTimestamp");
           });
  });
}

void check_told(const SetScene& set, const Json& ended) {
  const std::string said = fmt::format(
      "StatefulSet {} is gone, and Pod {} belongs to nobody; delete it if it should be gone too", kSet, kMovedPod);
  const Json warnings = ended.at("status").value("warnings", Json::array());
  BOOST_TEST(std::count(warnings.begin(), warnings.end(), said) == 1, warnings.dump());
  const Words events{"-n", ns_of(set), "get", "events", "--field-selector", "reason=MigrationSetGone", "-o", "name"};
  eventually("an Event that says so", [&] { return !set.cluster().kubectl(events).empty(); });
  const Json metadata = set.stage().pod(kMovedPod).at("metadata");
  BOOST_TEST(metadata.value("ownerReferences", Json::array()).empty(), metadata.dump());
}

BOOST_DATA_TEST_CASE(one_that_is_deleted_meanwhile_leaves_what_is_lent, data::make(kDeletions), row) {
  SetScene set{row.ns, DnsClient::no};
  set.start(kSpec);
  Scene& moved = set.at(kMoved);
  const Json author_s = made_anew(set.object());
  HeldMove move{moved, row.door, "deleted"};
  delete_set(set, row);
  if (row.is_aborted) {
    set.cluster().kubectl({"-n", ns_of(set), "patch", "migrations.kubectl-migrate.dev", move.name(), "--type=merge",
                           "-p", R"({"spec": {"abort": true}})"});
    const Json ended = move.let_go();
    BOOST_TEST(ended.at("status").at("phase") == "RolledBack", ended.at("status").dump());
    moved.check_runs_on(move.name());
    set.stage().check_nothing_left(move.name());
  } else {
    move.let_succeed();
  }
  check_told(set, set.stage().migration(move.name()));

  // It is nobody's until a new set of that name adopts it, as it is.
  const std::string uid = uid_of(set.stage().pod(kMovedPod));
  set.cluster().apply(author_s);
  await_rollout(set);
  const Json adopted = set.stage().pod(kMovedPod);
  BOOST_TEST(uid_of(adopted) == uid);
  BOOST_TEST(controller_of(adopted).value("uid", "") == uid_of(set.object()), adopted.at("metadata").dump());
  set.check_scales();
  moved.wait_for_more(20);
  judge(set);
}

BOOST_AUTO_TEST_SUITE_END()
