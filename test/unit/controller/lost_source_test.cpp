// The source's node loses its power before the commit, and does not come back by itself.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Kind = agent::AgentError::Kind;
namespace data = boost::unit_test::data;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(lost_source)

struct Loss {
  const char* what;
  std::function<void(Scene&)> happens;
  bool is_left_clean;  // of a node that is gone nothing is asked any more
  friend std::ostream& operator<<(std::ostream& out, const Loss& loss) { return out << loss.what; }
};
const std::vector<Loss> kLosses{
    {"its Pod is deleted", [](Scene& scene) { scene.cluster.drop(Scene::pod("orders")); }, false},
    {"another Pod has its name",
     [](Scene& scene) {
       scene.cluster.drop(Scene::pod("orders"));
       Json anew = samples::pod();
       anew["metadata"]["uid"] = "uid-anew";
       scene.cluster.put(Scene::pod("orders"), anew);
     },
     false},
    {"its node is deleted", [](Scene& scene) { scene.cluster.drop(kube::core("nodes", "", "node-a")); }, true},
};

// Nobody waits for a node that has lost its power longer than somebody wants it to come back.
BOOST_DATA_TEST_CASE(a_source_that_is_lost_with_its_node_is_let_go, data::make(kLosses), loss) {
  Scene scene;
  std::optional<Instant> lost;
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "checkpoint" && !lost) lost = scene.now();
    if (!lost) return std::nullopt;
    return agent::AgentError{Kind::unreachable, "no route to host"};
  };
  bool has_happened = false;
  Instant happened{};
  scene.time.on_pass = [&] {
    scene.leadership.turn({});
    if (!lost || has_happened || scene.now() - *lost < 2min) return;
    // Until now it may come back.
    BOOST_TEST(to_string(scene.status().phase) == "RollingBack");
    has_happened = true;
    happened = scene.now();
    loss.happens(scene);
  };
  const MigrationStatus status = scene.run();
  BOOST_TEST(has_happened);
  BOOST_TEST(to_string(status.phase) == "RolledBack", status.message + "\n" + scene.log.text());
  BOOST_TEST((status.finished.value_or(happened + 1h) - happened < 30s));
  BOOST_REQUIRE(status.warnings.size() == 1U);
  BOOST_TEST(status.warnings.front().find("Pod orders, is lost with node node-a") != std::string::npos,
             status.warnings.front());
  BOOST_TEST(!scene.cluster.look(Scene::pod(kTarget)).has_value());
  BOOST_TEST(scene.migration().has_finalizer == !loss.is_left_clean);
  // What came back is cleaned up as well.
  lost.reset();
  scene.source.before = nullptr;
  scene.source.record.state = agent::SourceState::thawed;
  scene.run();
  BOOST_TEST(!scene.migration().has_finalizer);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
