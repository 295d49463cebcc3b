// check-app with the end of a replay, on consumers in both languages.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/app_checks.h"

using namespace harness;

BOOST_AUTO_TEST_SUITE(check_app_end)

// What the copy takes from the queue itself at the end, nobody else gets: so no audit.
BOOST_AUTO_TEST_CASE(the_end_in_both_languages) {
  const ClusterKubectl kubectl;
  for (const auto language : {ConsumerSpec::Language::cpp, ConsumerSpec::Language::python}) {
    Scene scene{language == ConsumerSpec::Language::cpp ? "check-app-end" : "check-app-python"};
    ConsumerSpec spec = consumer_to_check();
    spec.language = language;
    scene.start(spec);
    const auto done = scene.stage().plugin({"check-app", scene.consumer(), "--for", "3s", "--accept", "touch-queue"});
    BOOST_TEST_MESSAGE(done.output);
    check_passes(done);
    for (const char* line : {"it leaves the replay", "it goes back to queue", "it leaves nothing unacknowledged"})
      check_says(done.output, fmt::format("ok   {}", line));
    check_left_nothing(scene);
  }
}

BOOST_AUTO_TEST_SUITE_END()
