// Two migrations of a set, or of one Pod, that were made in the same second: in whatever order they read and write, one
// of them goes on, and the other one gives way before it has touched anything.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>

#include "test/unit/controller/of_set.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
namespace data = boost::unit_test::data;
using MaybeError = std::optional<kube::ApiError>;

constexpr const char* kSibling = "orders-0";

// `orders-1`, of the Pod of that name, and another one.
struct Two : OfSet {
  explicit Two(const std::string& name, const std::string& of_pod = kSibling) : other(migration_path("shop", name)) {
    Json sibling = cluster.look(pod(kPod)).value();
    sibling["metadata"]["uid"] = "uid-sibling";
    sibling["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = kSibling;
    cluster.put(pod(kSibling), sibling);
    Migration second = samples::migration();
    second.name = name;
    second.uid = "uid-other";
    second.spec.pod = of_pod;
    second.spec.pod_uid = of_pod == kPod ? "uid-source" : "uid-sibling";
    made = object_of(second);
    // The policy holds the sibling's name as well, and keeps the other one's target from none.
    cluster.deny = [held = cluster.deny](const kube::ResourcePath& where, const Json& object) -> MaybeError {
      if (text_at(object, {"metadata", "annotations", kRestoreAnnotation}) == "uid-other") return std::nullopt;
      return held(where.name == kSibling ? where.named(kPod) : where, object);
    };
    cluster.before_write = [this](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
      if (where.plural == path().plural && where.subresource == "status")
        happen(where.name + " writes in " + phase_of(where.name));
      else
        happen(verb + " " + where.name);
      return std::nullopt;
    };
    cluster.before_list = [this](const kube::ResourcePath& where) -> MaybeError {
      if (where.plural == path().plural) happen(driven + " looks in " + phase_of(driven));
      return std::nullopt;
    };
  }

  void drive_other() {
    std::stop_source stop;
    Signals signals{stop.get_token()};
    leave_other = &stop;
    driven = other.name;
    (void)drive(world, signals, "shop", other.name);
    driven = path().name;
    leave_other = nullptr;
  }
  void run_other(int most = 60) {
    while (most-- > 0 && !is_final(other_status().phase)) {
      drive_other();
      time.pass(std::chrono::seconds{1});
    }
  }
  // The other one as it is once it has found nobody and recorded Placing, and has not looked again.
  Json claimed() {
    const Json own = cluster.look(path()).value();
    cluster.drop(path());
    cluster.put(other, made);
    when[other.name + " looks in Placing"] = [this] { leave_other->request_stop(); };
    drive_other();
    check_claims_only();
    Json record = cluster.look(other).value();
    cluster.drop(other);
    cluster.put(path(), own);
    return record;
  }

  [[nodiscard]] MigrationStatus other_status() const {
    auto parsed = parse_migration(cluster.look(other).value());
    BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
    return parsed->status;
  }
  void check_claims_only() const {
    BOOST_REQUIRE(to_string(other_status().phase) == "Placing");
    BOOST_REQUIRE(other_status().target.pod.empty());
  }
  // Before anything was touched.
  void check_gave_way(const MigrationStatus& status, const std::string& reason, const std::string& to,
                      const std::string& pod_name) const {
    BOOST_TEST(to_string(status.phase) == "RolledBack", status.message + "\n" + log.text());
    BOOST_TEST(status.reason == reason);
    BOOST_TEST(status.message.find("kubectl migrate abort " + to + " -n shop") != std::string::npos, status.message);
    BOOST_TEST(status.target.pod == "");
    BOOST_TEST(text_at(cluster.look(pod(pod_name)).value(), {"metadata", "uid"}) ==
               (pod_name == kPod ? "uid-source" : "uid-sibling"));
    check_is_sets(pod_name);
    BOOST_TEST(count("patch pods/" + pod_name) == 0);
  }
  [[nodiscard]] std::ptrdiff_t count(const std::string& write) const {
    const auto writes = cluster.writes();
    return std::count(writes.begin(), writes.end(), write);
  }

  const kube::ResourcePath other;
  Json made;
  // What happens, once, right before one of them does something.
  std::map<std::string, std::function<void()>> when;
  std::stop_source* leave_other = nullptr;

 private:
  [[nodiscard]] std::string phase_of(const std::string& name) const {
    return text_at(cluster.look(migration_path("shop", name)).value_or(Json::object()), {"status", "phase"});
  }
  void happen(const std::string& what) {
    const auto found = when.find(what);
    if (found == when.end()) return;
    const auto then = std::move(found->second);
    when.erase(found);
    then();
  }

  std::string driven = path().name;
};

BOOST_AUTO_TEST_SUITE(other_migrations)

// Its record is there before the second look, and the first one was before it was made.
BOOST_DATA_TEST_CASE(who_has_gone_on_already_goes_on, data::make({kSibling, kPod}), of_pod) {
  Two scene{"orders-0", of_pod};
  const bool is_same_pod = std::string{of_pod} == kPod;
  scene.when["orders-1 writes in Preparing"] = [&scene] {
    scene.cluster.put(scene.other, scene.made);
    scene.when["orders-0 writes in Placing"] = [&scene] { scene.leave_other->request_stop(); };
    scene.drive_other();
  };
  const MigrationStatus now = scene.run();
  scene.check_gave_way(now, is_same_pod ? "OtherMigration" : "OtherMigrationOfSet", "orders-0", kPod);
  BOOST_TEST(to_string(scene.other_status().phase) == "Placing");
  scene.run_other();
  BOOST_TEST(went_through(scene.other_status(), Phase::orphaning), scene.other_status().message);
}

// The older one cannot tell whether the other has looked already, and must neither go on nor give way before it can.
BOOST_AUTO_TEST_CASE(who_has_looked_and_not_told_yet_goes_on) {
  Two scene{"orders-0"};
  const Json late = scene.claimed();
  scene.when["orders-1 writes in Placing"] = [&] {
    scene.cluster.put(scene.other, late);
    scene.drive_other();
    scene.check_claims_only();
    const std::vector<Step> steps = scene.other_status().steps;
    BOOST_REQUIRE(!steps.empty());
    BOOST_TEST(steps.back().message == "waits for migration orders-1 to go on or to give way");
  };
  scene.when["create orders-1-mig-hold"] = [&scene] { scene.drive_other(); };
  const MigrationStatus now = scene.run();
  BOOST_TEST(to_string(now.phase) == "Succeeded", now.message + "\n" + scene.log.text());
  scene.check_is_sets(kPod);
  scene.check_gave_way(scene.other_status(), "OtherMigrationOfSet", "orders-1", kSibling);
}

BOOST_DATA_TEST_CASE(of_two_that_look_behind_both_records_the_older_one_goes_on, data::make({"orders-0", "orders-2"}),
                     name) {
  Two scene{name};
  const Json late = scene.claimed();
  scene.when["orders-1 looks in Placing"] = [&] {
    scene.cluster.put(scene.other, late);
    scene.drive_other();
  };
  const MigrationStatus now = scene.run();
  scene.run_other();
  const MigrationStatus others = scene.other_status();
  if (std::string{name} < "orders-1") {
    scene.check_gave_way(now, "OtherMigrationOfSet", name, kPod);
    BOOST_TEST(went_through(others, Phase::orphaning), others.message);
  } else {
    BOOST_TEST(to_string(now.phase) == "Succeeded", now.message + "\n" + scene.log.text());
    scene.check_gave_way(others, "OtherMigrationOfSet", "orders-1", kSibling);
  }
}

// Nobody comes as far as that beside it, unless by a fault.
BOOST_DATA_TEST_CASE(a_pod_that_another_one_has_is_not_lent, data::make({false, true}), is_over) {
  OfSet scene;
  Migration other = samples::migration();
  other.name = "orders-9";
  other.uid = "uid-other";
  Json object = Scene::object_of(other);
  object["status"]["phase"] = is_over ? "RolledBack" : "Freezing";
  Json lent;
  scene.cluster.before_write = [&](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
    if (verb != "create" || where.name != "orders-1-mig-hold" || !lent.is_null()) return std::nullopt;
    lent = lent_owners(scene.cluster.look(Scene::pod(kPod)).value(), other);
    scene.cluster.put(migration_path("shop", other.name), object);
    scene.cluster.change(Scene::pod(kPod), [&](Json& pod) { pod["metadata"]["ownerReferences"] = lent; });
    return std::nullopt;
  };
  const MigrationStatus now = scene.run();
  if (is_over) {
    scene.check_succeeded(kPod);
    scene.check_is_sets(kPod);
    return;
  }
  BOOST_TEST(to_string(now.phase) == "RolledBack", now.message);
  BOOST_TEST(now.reason == "OtherMigration", now.reason + ": " + now.message);
  BOOST_TEST(scene.owners_now(kPod) == lent);
  scene.check_clean({kPod});
  BOOST_TEST(std::count(scene.source.orders.begin(), scene.source.orders.end(), "freeze") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
