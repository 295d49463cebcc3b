#include "plugin/drain_words.h"

#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(drain_words)

BOOST_AUTO_TEST_CASE(what_was_rolled_back_runs_on_unless_its_source_was_lost) {
  const DrainPod pod = drain_pod(running("orders"));
  Migration back = migration_in(Phase::rolled_back);
  back.status.reason = "SourceThawed";
  back.status.message = "it was thawed before the commit";
  BOOST_TEST(ended_text(pod, back) ==
             "pod shop/orders rolled back, it runs on: SourceThawed: it was thawed before the commit");
  set_condition(back.status, {"SourceLost", true, "SourceThawed", "it was killed while it was frozen", at(0ms)});
  BOOST_TEST(ended_text(pod, back) ==
             "pod shop/orders rolled back: SourceThawed: it was thawed before the commit; it is not as before: it was "
             "killed while it was frozen");
  check_says(against(back), "it is not as before");
}

BOOST_AUTO_TEST_CASE(where_no_agent_answers_it_is_told_what_takes_the_pod_away) {
  Migration refused = migration_in(Phase::refused);
  refused.status.refusals = {{"AgentDown", "silent for 40 s", ""}};
  BOOST_TEST(
      advice_about(refused).starts_with("see docs/troubleshooting.md#agentdown for hints; where the agent does"));
  check_says(advice_about(refused), " takes it away, without its memory");
  refused.status.refusals = {{"HostPath", "", ""}};
  BOOST_TEST(advice_about(refused) == "see docs/troubleshooting.md#hostpath for hints");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
