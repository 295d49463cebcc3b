// The plan is the way that a migration goes: what is told before is what its record shows in the end.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "extender/controller/plan.h"
#include "extender/controller/target_pod.h"
#include "test/unit/controller/of_set.h"
#include "test/unit/controller/replay_scene.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using Words = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(plans)

Words phases_of(const Plan& plan) {
  Words phases;
  for (const PlannedStep& one : plan.steps)
    phases.push_back(one.name);
  return phases;
}

void check_kept(const MigrationStatus& status, const char* phase) {
  BOOST_TEST(to_string(status.phase) == phase, status.message);
  BOOST_REQUIRE(status.plan.has_value());
  Words gone;
  for (const Step& one : status.steps)
    gone.push_back(one.name);
  BOOST_TEST(phases_of(*status.plan) == gone, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_stop) {
  for (const bool keep_name : {false, true}) {
    Scene scene{keep_name};
    check_kept(scene.run(), "Succeeded");
  }
}

BOOST_AUTO_TEST_CASE(restored_from_an_image) {
  Scene scene;
  scene.edit([](Json& object) {
    object["spec"]["restore"] = "Image";
    object["spec"]["accept"] = {"emptydir-loss"};
  });
  check_kept(scene.run(), "Succeeded");
}

BOOST_FIXTURE_TEST_CASE(one_of_a_set, OfSet) {
  check_kept(run(), "Succeeded");
}

BOOST_AUTO_TEST_CASE(with_replay) {
  for (const Strategy strategy : {Strategy::live, Strategy::sequential}) {
    Replay scene{strategy};
    check_kept(scene.run(), "Succeeded");
  }
  Replay scene{Strategy::sequential, true};
  check_kept(scene.run(), "Succeeded");
}

struct Kind {
  const char* name;
  std::function<void(Migration&)> make;
  Words phases;  // behind Preparing and Placing
  friend std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }
};

void make_set(Migration& migration) {
  migration.status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
}

const std::vector<Kind> kKinds{
    {"stop",
     [](Migration& m) { m.status.strategy = Strategy::stop; },
     {"Freezing", "Checkpointing", "Transferring", "Committing", "Restoring", "Finishing"}},
    {"stop, a set's with a volume for one node at a time",
     [](Migration& m) {
       m.status.strategy = Strategy::stop;
       m.status.volumes = {{"data", "pv-1"}};
       make_set(m);
     },
     {"Orphaning", "Freezing", "Checkpointing", "Transferring", "Committing", "Renaming", "Attaching", "Restoring",
      "Finishing"}},
    {"live, a set's",
     [](Migration& m) {
       m.status.strategy = Strategy::live;
       make_set(m);
     },
     {"Orphaning", "Mirroring", "Checkpointing", "Transferring", "Shadowing", "Replaying", "Freezing", "Draining",
      "Committing", "Switching", "Finishing", "Returning"}},
    {"live, a ReplicaSet's",
     [](Migration& m) {
       m.status.strategy = Strategy::live;
       m.status.owner = OwnerRef{"ReplicaSet", "orders", "uid-set"};
     },
     {"Mirroring", "Checkpointing", "Transferring", "Shadowing", "Replaying", "Freezing", "Draining", "Committing",
      "Switching", "Finishing"}},
    {"sequential, from an image",
     [](Migration& m) {
       m.status.strategy = Strategy::sequential;
       m.spec.restore = RestoreWay::image;
       m.spec.transfer = TransferWay::registry;
       m.spec.registry = "r.example/cp";
     },
     {"Mirroring", "Checkpointing", "Transferring", "Freezing", "Committing", "Renaming", "Restoring", "Switching",
      "Finishing"}},
    {"the way back into a name",
     [](Migration& m) {
       m.status.strategy = Strategy::stop;
       m.spec.pod = "orders-mig-abcde";
       m.spec.target_name = "orders";
       make_set(m);
     },
     {"Freezing", "Checkpointing", "Transferring", "Committing", "Restoring", "Finishing"}},
};

Migration of_kind(const Kind& kind) {
  Migration made = samples::migration();
  made.status.source = {"orders", "uid-source", "node-a"};
  made.status.forecast_size = 20_MiB;
  kind.make(made);
  return made;
}

BOOST_DATA_TEST_CASE(what_a_kind_goes_through, data::make(kKinds), kind) {
  Words wanted{"Preparing", "Placing"};
  wanted.insert(wanted.end(), kind.phases.begin(), kind.phases.end());
  BOOST_TEST(phases_of(plan_of(of_kind(kind), "orders", "")) == wanted, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(every_phase_has_a_sentence, data::make(kKinds), kind) {
  const Plan plan = plan_of(of_kind(kind), "orders.queue", "because");
  BOOST_TEST(plan.because == "because");
  for (const PlannedStep& one : plan.steps)
    BOOST_TEST_CONTEXT(one.name) {
      BOOST_TEST(!one.text.empty());
      BOOST_TEST(one.text.find_first_of("{}") == std::string::npos, one.text);
      BOOST_TEST(one.text.find("  ") == std::string::npos, one.text);
    }
}

BOOST_AUTO_TEST_CASE(names_of_nodes_pods_and_queues_are_in_it) {
  Migration migration = of_kind(kKinds[2]);
  migration.spec.target_node = "node-b";
  migration.status.forecast_cutoff = milliseconds{60'000};
  migration.status.forecast_backlog = 7;
  const auto text_of = [&](const std::string& phase) {
    for (const PlannedStep& one : plan_of(migration, "orders", "").steps)
      if (one.name == phase) return one.text;
    return std::string{};
  };
  BOOST_TEST(text_of("Placing") ==
             "Pod " + target_name(migration, 1) + " is made and placed on node node-b, and waits for its memory");
  BOOST_TEST(text_of("Orphaning") == "StatefulSet orders lends Pod orders, and the name is held for the target");
  BOOST_TEST(
      text_of("Mirroring") ==
      "the mirror ms2m.replay.uid-migration is bound as queue orders is, and what waited before is handled first");
  BOOST_TEST(text_of("Replaying") ==
             "the copy catches up while Pod orders works on, until it has, or 60.0 s after the mirror was bound");
  BOOST_TEST(text_of("Draining") ==
             "the copy handles the rest of the mirror ms2m.replay.uid-migration: about 7 messages");
  BOOST_TEST(text_of("Freezing") ==
             "Pod orders is frozen on node node-a, its connections to queue orders are closed, and the mirror "
             "ms2m.replay.uid-migration gets nothing more");
  migration.spec.target_node.clear();
  BOOST_TEST(text_of("Shadowing").find("on the node that the scheduler chooses") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
