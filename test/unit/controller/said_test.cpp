// What is said in one way, whoever says it.
#include <boost/test/unit_test.hpp>

#include "extender/controller/hop.h"
#include "extender/controller/kube_events.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;

BOOST_AUTO_TEST_SUITE(said)

struct Kinds final : EventRecorder {
  void record(const Migration& of, const std::string& kind, bool is_warning, const std::string& reason,
              const std::string& message) override {
    all.push_back(kind + " " + of.name + " " + (is_warning ? "Warning " : "Normal ") + reason + ": " + message);
  }
  std::vector<std::string> all;
};

BOOST_AUTO_TEST_CASE(an_event_of_the_migration_and_of_its_pod) {
  Kinds events;
  record_for_both(events, samples::migration(), true, "MigrationSetGone", "it is gone");
  const std::vector<std::string> wanted{"Migration orders-1 Warning MigrationSetGone: it is gone",
                                        "Pod orders-1 Warning MigrationSetGone: it is gone"};
  BOOST_TEST(events.all == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_warning_stands_in_the_record_once) {
  Scene scene;
  const std::stop_source stop;
  Signals signals{stop.get_token()};
  Journal journal{scene.world, signals, *scene.cluster.look(Scene::path()), scene.migration()};
  Hop hop{scene.world, signals, journal};
  for (const char* text : {"a", "b", "a"})
    hop.warn(text);
  const std::vector<std::string> wanted{"a", "b"};
  BOOST_TEST(hop.status().warnings == wanted, boost::test_tools::per_element());
}

// CRIU's log names files, and a file's name may be any bytes.
BOOST_AUTO_TEST_CASE(what_an_agent_says_need_not_be_utf8) {
  Scene scene;
  scene.source.before = [](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "checkpoint") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "cannot dump /tmp/\xff"};
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.message.find("cannot dump /tmp/\xef\xbf\xbd") != std::string::npos, status.message);
}

BOOST_AUTO_TEST_CASE(what_a_watch_brings_late_says_nothing) {
  const std::stop_source stop;
  Signals signals{stop.get_token()};
  Migration now;
  now.generation = 3;
  signals.tell(now);
  Migration before;
  before.generation = 2;
  before.spec.resolve = Resolution::keep_source;
  signals.tell(before);
  BOOST_CHECK(signals.resolution() == Resolution::none);
  now.generation = 4;
  now.spec.abort = true;
  signals.tell(now);
  signals.tell(before);
  BOOST_TEST(signals.aborted());
}

BOOST_AUTO_TEST_CASE(containers_that_do_not_come_to_life_and_what_the_kubelet_says_of_them) {
  Json pod{{"metadata", {{"name", "orders-mig-a6pfz"}}}};
  const std::string text = "the containers of target Pod orders-mig-a6pfz did not come to life in 90 s";
  BOOST_TEST(not_alive(pod, "in 90 s") == text);
  pod["status"]["containerStatuses"] = {
      {{"name", "side"}, {"state", {{"running", Json::object()}}}},
      {{"name", "app"}, {"state", {{"waiting", {{"reason", "RunContainerError"}, {"message", "no such file"}}}}}}};
  BOOST_TEST(not_alive(pod, "in 90 s") == text + ": container app: RunContainerError: no such file");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
