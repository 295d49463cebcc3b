#include "plugin/plan_text.h"

#include "plugin/format.h"
#include "plugin/similar.h"
#include "test/unit/plugin/dry_run_scene.h"

namespace migrate::plugin {
namespace {

Migration answered(MigrationStatus status) {
  Migration made = migration_in(Phase::pending);
  made.spec.target_node = "node-b";
  made.status = std::move(status);
  return made;
}

MigrationStatus live() {
  MigrationStatus status = planned();
  status.strategy = Strategy::live;
  status.forecast_cutoff = 34'200ms;
  status.forecast_backlog = 120;
  status.alternatives[1] = {Strategy::live, 604ms, 412ms, 4'812ms, {}};
  status.alternatives[2] = {Strategy::sequential, 604ms, 2'100ms, 5'100ms, {"its gap exceeds --gap-budget of 0.500 s"}};
  status.warnings = {"accepted: the postStart hook of container main would run again after the restore"};
  return status;
}

std::string page(const Migration& migration, std::size_t width) {
  return joined(plan_lines(migration, width), "\n") + "\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plans)

BOOST_AUTO_TEST_CASE(a_plan_says_how_why_how_long_and_what_else_could_be) {
  BOOST_TEST(page(answered(planned()), 80) == R"(Dry run: Pod shop/orders, node-a to node-b. Nothing was touched.
  Strategy  Stop: its gap is forecast at 0.812 s; not Live and Sequential: the
            Pod names no queue and broker
  Memory    direct checkpoint, some 104.0 MiB
  Gap       0.812 s (0.700 s to 1.400 s)
  Freeze    0.604 s (0.500 s to 0.900 s)
  Total     2.310 s (2.000 s to 3.500 s)

Other strategies:
  Live          not possible: the Pod names no queue and broker
  Sequential    not possible: the Pod names no queue and broker

Steps:
  Preparing     Pod, nodes and queue are looked at
  Placing       a target Pod is made and placed on node-b, and waits there for
                its memory
)");
}

BOOST_AUTO_TEST_CASE(of_a_replay_the_cutoff_and_what_is_left_then) {
  const std::string text = page(answered(live()), 80);
  check_says(text, "\n  Cutoff    34.2 s after the mirror began, at the latest; 120 messages left then\n");
  check_says(text,
             "\n  Warning   accepted: the postStart hook of container main would run again after\n"
             "            the restore\n");
  check_says(text, R"(
Other strategies:
  Stop          gap 0.812 s, freeze 0.604 s, total 2.310 s
  Sequential    gap 2.100 s, freeze 0.604 s, total 5.100 s
                not possible: its gap exceeds --gap-budget of 0.500 s
)");
  MigrationStatus unknown = live();
  unknown.forecast_gap.reset();
  unknown.forecast_gap_range.reset();
  check_says(page(answered(unknown), 80), "\n  Gap       not known before the queue's rates are measured\n");
}

BOOST_AUTO_TEST_CASE(lines_keep_to_the_width) {
  for (const std::size_t width : {40U, 60U, 80U, 120U})
    for (const std::string& line : plan_lines(answered(live()), width))
      BOOST_TEST(characters(line) <= width, line);
}

BOOST_AUTO_TEST_CASE(all_refusals_are_told_at_once_each_with_its_section) {
  BOOST_TEST(against_text(answered(refused_twice())) == R"(Pod shop/orders would be refused, for 2 reasons:
  NoHandler: containerd 2.3.7 on node node-b does not know it
    see docs/troubleshooting.md#nohandler for hints
  HostPath: volume data is /srv of its node
    see docs/troubleshooting.md#hostpath for hints)");
  MigrationStatus one = refused_twice();
  one.refusals.clear();
  BOOST_TEST(against_text(answered(one)) == R"(Pod shop/orders would be refused:
  NoHandler: containerd 2.3.7 on node node-b does not know it; volume data is /srv of its node
    see docs/troubleshooting.md#nohandler for hints)");
  MigrationStatus broken;
  broken.phase = Phase::rolled_back;
  broken.reason = "InspectFailed";
  broken.message = "no answer";
  BOOST_TEST(against_text(answered(broken)) ==
             "the controller could not look at Pod shop/orders to the end (RolledBack): InspectFailed: no answer");
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_left_out) {
  BOOST_TEST(page(answered(refused_twice()), 80) ==
             "Dry run: Pod shop/orders, node-a to node-b. Nothing was touched.\n");
  MigrationStatus brief = planned();
  brief.plan->because = "it was asked for";
  check_says(page(answered(brief), 80), "  Strategy  Stop: it was asked for\n");
  brief.plan.reset();
  check_says(page(answered(brief), 80), "  Strategy  Stop\n");
  Migration anywhere = answered(planned());
  anywhere.spec.target_node.clear();
  check_says(page(anywhere, 80), "Dry run: Pod shop/orders, node-a to where the scheduler chooses. Nothing");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
