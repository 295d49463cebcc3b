// What holds the copy of a live migration out of Services, and until when: the source takes messages until the cut, and
// whoever calls the application must not find the copy before.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "extender/controller/live_gate.h"
#include "test/unit/controller/live.h"
#include "test/unit/controller/set_replay.h"

namespace {

using namespace migrate;
using namespace migrate::controller;

// A copy's Pod, and a write into its status.
struct Seen {
  std::vector<Json> made;
  struct Opening {
    bool is_ended;      // END_REPLAY was said
    bool mirror_stays;  // there may be something left in it
  };
  std::vector<Opening> openings;
};

bool is_replay_ended(const Replay& scene) {
  const auto calls = scene.broker->calls();
  return std::any_of(calls.begin(), calls.end(), [](const std::string& call) {
    return begins(call, "publish ms2m.control.") && call.find("END_REPLAY") != std::string::npos;
  });
}

void watch(Replay& scene, Seen& seen) {
  scene.cluster.on_create = [&seen, place = scene.cluster.on_create](const kube::ResourcePath& where, Json& object) {
    place(where, object);
    if (where.plural == "pods" && !where.name.ends_with("-mig-hold")) seen.made.push_back(object);
  };
  scene.cluster.before_write = [&](const std::string& verb,
                                   const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "patch" && where.plural == "pods" && where.subresource == "status")
      seen.openings.push_back({is_replay_ended(scene), scene.broker->has_queue(scene.mirror())});
    return std::nullopt;
  };
}

bool has_gate(const Json& pod) {
  const Json& gates = list_at(pod, {"spec", "readinessGates"});
  return std::any_of(gates.begin(), gates.end(),
                     [](const Json& one) { return text_at(one, {"conditionType"}) == kLiveGate; });
}

void check_held_until_cut(const Seen& seen) {
  BOOST_REQUIRE(seen.made.size() == 1U);
  BOOST_TEST(has_gate(seen.made.front()), seen.made.front().dump());
  BOOST_TEST(!is_gate_open(seen.made.front(), kLiveGate));
  BOOST_REQUIRE(seen.openings.size() == 1U);
  BOOST_TEST(seen.openings.front().is_ended);
  BOOST_TEST(!seen.openings.front().mirror_stays);
}

void add_service(Scene& scene) {
  scene.cluster.put(kube::core("services", "shop", "orders"),
                    {{"metadata", {{"name", "orders"}}}, {"spec", {{"selector", {{"app", "orders"}}}}}});
}

// The copy's readiness probe has its first answer so long after it came to life; nothing: it never has.
struct Probed : Live {
  explicit Probed(std::optional<std::chrono::seconds> answers) {
    add_service(*this);
    containers_ready = false;
    cluster.change(pod("orders"), [](Json& object) {
      object["spec"]["containers"][0]["readinessProbe"] = {{"httpGet", {{"port", 80}}}, {"periodSeconds", 5}};
    });
    arm();
    on_release = [this, answers] {
      released = now();
      time.on_pass = [this, answers, pass = time.on_pass] {
        pass();
        if (!answers || containers_ready || now() - *released < *answers) return;
        containers_ready = true;
        cluster.change(pod(kShadow), [](Json& object) {
          for (Json& one : object["status"]["conditions"])
            if (one["type"] == "ContainersReady") one["status"] = "True";
        });
      };
    };
    source.before = [this, before = source.before](const std::string& what) {
      if (what == "freeze") frozen = now();
      return before(what);
    };
  }
  // From when the copy lived until the source was frozen.
  [[nodiscard]] std::chrono::milliseconds worked_beside() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(frozen.value() - released.value());
  }
  std::optional<Instant> released;
  std::optional<Instant> frozen;
};

BOOST_AUTO_TEST_SUITE(live_gate)

// From the freeze until the copy is ready nobody answers who calls over the network, and the source could.
BOOST_AUTO_TEST_CASE(a_copy_that_has_caught_up_is_cut_over_to_when_it_is_ready) {
  Probed late{std::chrono::seconds{6}};
  late.run();
  late.check_succeeded(kShadow);
  BOOST_TEST(late.worked_beside().count() >= 8'500);  // and until the kubelet looks at once
  BOOST_TEST(late.worked_beside().count() < 9'100);
  BOOST_TEST(late.messages().cut_because == "Converged");
}

BOOST_AUTO_TEST_CASE(but_no_later_than_its_probes_should_have_made_it) {
  Probed never{std::nullopt};
  never.run();
  never.check_succeeded(kShadow);
  BOOST_TEST(never.worked_beside().count() >= 9'500);  // its period, the kubelet's word and next looks
  BOOST_TEST(never.worked_beside().count() < 10'500);
}

BOOST_AUTO_TEST_CASE(whom_no_Service_sends_to_is_not_waited_for) {
  Probed alone{std::nullopt};
  alone.cluster.drop(kube::core("services", "shop", "orders"));
  alone.run();
  alone.check_succeeded(kShadow);
  BOOST_TEST(alone.worked_beside().count() < 2'500);
}

// Which removes, of its Pod and one too many, the one that is not ready.
BOOST_AUTO_TEST_CASE(a_ReplicaSet_s_is_waited_for_whoever_sends_to_it) {
  Migration migration;
  BOOST_TEST(!needs_readiness(migration));
  migration.status.owner = OwnerRef{};
  migration.status.owner->kind = "StatefulSet";
  BOOST_TEST(!needs_readiness(migration));
  migration.status.owner->kind = "ReplicaSet";
  BOOST_TEST(needs_readiness(migration));
}

// Nothing follows from who sends to it that would be worth a migration.
BOOST_AUTO_TEST_CASE(where_Services_cannot_be_listed_one_is_taken_for_granted) {
  Probed unseen{std::chrono::seconds{6}};
  unseen.cluster.before_list = [&](const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (where.plural != "services" || !unseen.released) return std::nullopt;
    kube::ApiError refused;
    refused.kind = kube::ApiError::Kind::forbidden;
    return refused;
  };
  unseen.run();
  unseen.check_succeeded(kShadow);
  BOOST_TEST(unseen.worked_beside().count() >= 8'500);
}

BOOST_AUTO_TEST_CASE(a_Service_sends_to_whom_its_selector_names) {
  const Json labelled = {{"metadata", {{"labels", {{"app", "orders"}, {"tier", "back"}}}}}};
  const auto services = [](const Json& spec) { return Json{{"items", {{{"spec", spec}}}}}; };
  BOOST_TEST(is_in_service(services({{"selector", {{"app", "orders"}}}}), labelled));
  BOOST_TEST(!is_in_service(services({{"selector", {{"app", "bills"}}}}), labelled));
  BOOST_TEST(!is_in_service(services(Json::object()), labelled));
  BOOST_TEST(!is_in_service(Json{{"items", Json::array()}}, labelled));
}

BOOST_FIXTURE_TEST_CASE(it_is_in_the_copy_and_opens_once_the_replay_is_over, Live) {
  Seen seen;
  watch(*this, seen);
  run();
  check_succeeded(kShadow);
  check_held_until_cut(seen);
  BOOST_TEST(is_gate_open(cluster.look(pod(kShadow)).value(), kLiveGate));
}

// Who calls the application would find neither of them.
BOOST_FIXTURE_TEST_CASE(the_source_s_Pod_goes_when_the_copy_is_ready, Live) {
  add_service(*this);
  std::optional<Instant> opened;
  std::vector<bool> is_ready;  // when it goes
  cluster.before_write = [&](const std::string& verb,
                             const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "patch" && where.plural == "pods" && where.subresource == "status") opened = now();
    if (verb == "delete" && where.plural == "pods" && where.name == "orders")
      is_ready.push_back(view_of(cluster.look(pod(kShadow)).value()).ready);
    return std::nullopt;
  };
  time.on_pass = [&, pass = time.on_pass] {
    pass();
    if (opened && now() - *opened >= std::chrono::milliseconds{700}) be_ready(*this);
  };
  run();
  check_succeeded(kShadow);
  BOOST_TEST((is_ready == std::vector<bool>{true}));
}

// Its way back into the name begins once it is ready, which it is through the gate alone.
BOOST_AUTO_TEST_CASE(a_set_s_copy_is_held_as_well_and_ready_on_its_way_back) {
  SetReplay scene{Strategy::live};
  Seen seen;
  watch(scene, seen);
  std::vector<bool> is_ready;  // when the second hop is made
  scene.cluster.before_write = [&, look = scene.cluster.before_write](
                                   const std::string& verb,
                                   const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
    if (verb == "create" && where.plural == "migrations")
      is_ready.push_back(view_of(scene.cluster.look(Scene::pod(kTargetOfSet)).value()).ready);
    return look(verb, where);
  };
  scene.run();
  scene.check_succeeded(kPod);
  check_held_until_cut(seen);
  BOOST_TEST((is_ready == std::vector<bool>{true}));
}

// It has caught up, and it is the source that goes on.
BOOST_FIXTURE_TEST_CASE(a_copy_that_is_given_up_has_never_been_let_in, Live) {
  Seen seen;
  watch(*this, seen);
  source.before = [this, before = source.before](const std::string& what) {
    if (what == "freeze") abort();
    return before(what);
  };
  run();
  check_rolled_back();
  BOOST_TEST(went_through(status(), Phase::replaying));
  BOOST_REQUIRE(seen.made.size() == 1U);
  BOOST_TEST(has_gate(seen.made.front()));
  BOOST_TEST(seen.openings.empty());
}

// Its source is gone by the time it comes to life: nobody else is there to be called.
BOOST_AUTO_TEST_CASE(a_target_without_a_source_beside_it_has_none) {
  Replay scene{Strategy::sequential};
  Seen seen;
  watch(scene, seen);
  scene.run();
  scene.check_succeeded(kShadow);
  BOOST_REQUIRE(!seen.made.empty());
  for (const Json& made : seen.made)
    BOOST_TEST(!has_gate(made));
  BOOST_TEST(seen.openings.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
