// check-app on a consumer that follows the replay protocol, and on one that does not.
#include <boost/test/unit_test.hpp>

#include "test/e2e/app_checks.h"

using namespace harness;

BOOST_AUTO_TEST_SUITE(check_app)

BOOST_AUTO_TEST_CASE(a_good_consumer_passes_and_its_work_is_not_disturbed) {
  const ClusterKubectl kubectl;
  Scene scene{"check-app"};
  scene.start(consumer_to_check());
  const auto done = scene.stage().plugin({"check-app", scene.consumer(), "--for", "3s"});
  BOOST_TEST_MESSAGE(done.output);
  check_passes(done);
  check_says(done.output, "skip it leaves the replay");
  check_left_nothing(scene);
  const Verdict verdict = scene.judge();
  BOOST_TEST(verdict.clean, verdict.report);
}

// It looks into one control queue whatever its Pod is called.
BOOST_AUTO_TEST_CASE(a_deaf_consumer_is_told_so) {
  const ClusterKubectl kubectl;
  Scene scene{"check-app-deaf"};
  nlohmann::json pod = scene.orders().consumer_pod(consumer_to_check());
  for (const char* word : {"--control-queue", "check-app-deaf.control"})
    pod["spec"]["containers"][0]["command"].push_back(word);
  scene.start(pod);
  const auto done = scene.stage().plugin({"check-app", scene.consumer(), "--for", "1s"});
  BOOST_TEST_MESSAGE(done.output);
  BOOST_TEST(code_of(done) == 1, text_of(done));
  check_says(done.output, "FAIL it looks into its control queue before it consumes anything");
  check_says(done.output, "it consumes its own queue check-app-deaf while START_REPLAY stands unread in ms2m.control.");
  check_left_nothing(scene);
}

BOOST_AUTO_TEST_SUITE_END()
