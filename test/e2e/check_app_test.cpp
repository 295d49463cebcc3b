// check-app on consumers that follow the replay protocol, in both languages, and on one that does not.
#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "test/e2e/scene.h"
#include "test/harness/background.h"

using namespace harness;

namespace {

// The cluster's own kubectl, where kubectl-migrate looks for one.
class Kubectl {
 public:
  Kubectl() {
    std::string line = "exec";
    for (const std::string& word : cluster_words({"kubectl"}))
      line += " '" + word + "'";
    const std::string path = put(folder_, "kubectl", "#!/bin/sh\n" + line + " \"$@\"\n");
    ::chmod(path.c_str(), S_IRWXU);
    ::setenv("KUBECTL", path.c_str(), 1);
    ::setenv("LC_ALL", "C", 1);  // words and no symbols
  }

 private:
  migrate::test::TemporaryFolder folder_;
};

ConsumerSpec consumer() {
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.prefetch = 5;
  return spec;
}

void check_says(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, "\"" << part << "\" is not in: " << text);
}

// No Pod beside consumer and producer, no queue of a check.
void check_nothing_left(const Scene& scene) {
  const Cluster& cluster = scene.cluster();
  const std::string pods = cluster.kubectl({"-n", scene.stage().ns().name(), "get", "pods", "-o", "name"});
  BOOST_TEST(pods.find("-check-") == std::string::npos, pods);
  const std::string queues = cluster.kubectl(
      {"-n", "rabbitmq", "exec", "rabbitmq-0", "--", "rabbitmqctl", "-q", "list_queues", "name", "--no-table-headers"});
  for (const char* part : {"ms2m.check.", "-check-"})
    BOOST_TEST(queues.find(part) == std::string::npos, queues);
}

// Every line of a check of an application that does all right, but for the end, which is played only with consent.
void check_passes(const migrate::Completed& done) {
  BOOST_TEST(code_of(done) == 0, text_of(done));
  for (const char* line :
       {"messages are collected", "it looks into its control queue before it consumes anything", "instead of its own",
        "it acknowledges every message", "it gives no message back", "it stays with the replay until END_REPLAY",
        "it comes back to the replay when its connection breaks", "the copy and its queues are removed"})
    check_says(done.output, line);
  BOOST_TEST(done.output.find("FAIL") == std::string::npos, done.output);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_app)

BOOST_AUTO_TEST_CASE(a_good_consumer_passes_and_its_work_is_not_disturbed) {
  const Kubectl kubectl;
  Scene scene{"check-app"};
  scene.start(consumer());
  const auto done = scene.stage().plugin({"check-app", scene.consumer(), "--for", "3s"});
  BOOST_TEST_MESSAGE(done.output);
  check_passes(done);
  check_says(done.output, "skip it leaves the replay");
  check_nothing_left(scene);
  const Verdict verdict = scene.judge();
  BOOST_TEST(verdict.clean, verdict.report);
}

// What the copy takes from the queue itself at the end, nobody else gets: so no audit.
BOOST_AUTO_TEST_CASE(the_end_in_both_languages) {
  const Kubectl kubectl;
  for (const auto language : {ConsumerSpec::Language::cpp, ConsumerSpec::Language::python}) {
    Scene scene{language == ConsumerSpec::Language::cpp ? "check-app-end" : "check-app-python"};
    ConsumerSpec spec = consumer();
    spec.language = language;
    scene.start(spec);
    const auto done = scene.stage().plugin({"check-app", scene.consumer(), "--for", "3s", "--accept", "touch-queue"});
    BOOST_TEST_MESSAGE(done.output);
    check_passes(done);
    for (const char* line : {"it leaves the replay", "it goes back to queue", "it leaves nothing unacknowledged"})
      check_says(done.output, fmt::format("ok   {}", line));
    check_nothing_left(scene);
  }
}

// It looks into one control queue whatever its Pod is called.
BOOST_AUTO_TEST_CASE(a_deaf_consumer_is_told_so) {
  const Kubectl kubectl;
  Scene scene{"check-app-deaf"};
  nlohmann::json pod = scene.orders().consumer_pod(consumer());
  for (const char* word : {"--control-queue", "check-app-deaf.control"})
    pod["spec"]["containers"][0]["command"].push_back(word);
  scene.start(pod);
  const auto done = scene.stage().plugin({"check-app", scene.consumer(), "--for", "1s"});
  BOOST_TEST_MESSAGE(done.output);
  BOOST_TEST(code_of(done) == 1, text_of(done));
  check_says(done.output, "FAIL it looks into its control queue before it consumes anything");
  check_says(done.output, "it consumes its own queue check-app-deaf while START_REPLAY stands unread in ms2m.control.");
  check_nothing_left(scene);
}

BOOST_AUTO_TEST_SUITE_END()
