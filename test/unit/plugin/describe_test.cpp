#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(describing)

BOOST_AUTO_TEST_CASE(all_of_it_is_told) {
  Scene scene;
  Migration whole = succeeded();
  whole.spec.accept = {"post-start"};
  whole.spec.target_selector = {{"zone", "a"}};
  whole.status.warnings = {"a connection was closed"};
  whole.status.frozen_at = at(530ms);
  set_condition(whole.status, {"Succeeded", true, "Done", "all went well", at(2'310ms)});
  scene.put(whole);
  scene.cluster.put(kube::core("events", "shop", "one"), {{"involvedObject", {{"uid", whole.uid}}},
                                                          {"type", "Normal"},
                                                          {"reason", "Frozen"},
                                                          {"message", "source frozen"},
                                                          {"lastTimestamp", nullptr},
                                                          {"eventTime", "2026-01-01T12:00:00.530000Z"}});
  scene.cluster.put(kube::core("events", "shop", "two"),
                    {{"involvedObject", {{"uid", "another"}}}, {"message", "not ours"}});
  BOOST_TEST(scene.run({"describe", "orders-x7k2p"}) == 0, scene.err.str());
  const std::string out = scene.out.str();
  for (const char* part :
       {"Name:               orders-x7k2p\n", "Pod:                orders (uid uid-orders)\n",
        "Node selector:      zone=a", "Strategy:           Stop (asked for: Auto)", "Accepted risks:     post-start",
        "Phase:              Succeeded", "Target:             orders-mig-ab12c on node-b (uid uid-target)",
        "Gap:                0.812 s", "Frozen at:          2026-01-01T12:00:00.530000Z",
        "Steps:\n  Preparing      2026-01-01T12:00:00.000000Z    0.012 s",
        "Conditions:\n  Succeeded      True  2026-01-01T12:00:02.310000Z Done: all went well", "Archives:\n  app ",
        "sha256:bb", "Warnings:\n  a connection was closed",
        "Events:\n  2026-01-01T12:00:00.530000Z Normal   Frozen: source frozen"})
    check_says(out, part);
  BOOST_TEST(out.find("not ours") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(in_doubt_the_ways_out_are_shown_and_missing_rights_do_not_matter) {
  Scene scene;
  scene.put(migration_in(Phase::in_doubt));
  scene.cluster.forbid("list events");
  BOOST_TEST(scene.run({"describe", "orders-x7k2p"}) == 0);
  check_says(scene.out.str(), "Events:\n  not to be had");
  check_says(scene.out.str(), "kubectl migrate resolve orders-x7k2p -n shop --keep source");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
