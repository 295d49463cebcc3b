// Whose memory reads, asked of the target's agent: what the kubelet has yet to tell need not be waited for.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>

#include "test/unit/controller/live.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

struct Answer {
  const char* what;
  const char* restored_as;
  const char* runs;
  bool is_reached;
  bool is_proof;
  friend std::ostream& operator<<(std::ostream& out, const Answer& answer) { return out << answer.what; }
};
const std::vector<Answer> kAnswers{{"the very one", "one", "one", true, true},
                                   {"another one", "one", "two", true, false},
                                   {"nobody can tell", "", "one", true, false},
                                   {"its agent is not reached", "one", "one", false, false}};

struct Asked : Live {
  explicit Asked(const Answer& answer) {
    target.restored_as = answer.restored_as;
    target.facts.containers.front().id = answer.runs;
    arm();
    target.before = [this, answer](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != "inspect" || !released || answer.is_reached) return std::nullopt;
      return agent::AgentError{agent::AgentError::Kind::unreachable, "no route to host"};
    };
    on_release = [this] { released = now(); };
  }
  std::optional<Instant> released;
};

BOOST_AUTO_TEST_SUITE(restored_processes)

// A copy that comes back to its broker a moment after the first look at its mirror.
BOOST_DATA_TEST_CASE(who_comes_late_is_believed_at_once_by_its_agent_s_word, data::make(kAnswers)) {
  Asked scene{sample};
  scene.obeys = false;
  scene.time.on_pass = [&, pass = scene.time.on_pass] {
    scene.obeys = scene.obeys || (scene.released && scene.now() - *scene.released >= 200ms);
    pass();
  };
  std::optional<Instant> frozen;
  scene.source.before = [&, before = scene.source.before](const std::string& what) {
    if (what == "freeze") frozen = scene.now();
    return before(what);
  };
  scene.run();
  scene.check_succeeded(kShadow);
  scene.check_complete();
  BOOST_REQUIRE((frozen && scene.released));
  BOOST_TEST((*frozen - *scene.released < 2'500ms) == sample.is_proof);
}

// One that nobody has looked at while its source was being frozen.
BOOST_DATA_TEST_CASE(no_freeze_waits_for_the_kubelet_where_the_agent_can_tell, data::make(kAnswers)) {
  Asked scene{sample};
  scene.source.after = [&](const std::string& what) {
    if (what == "freeze") scene.time.pass(400ms);
  };
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kShadow);
  scene.check_complete();
  BOOST_REQUIRE(status.freeze.has_value());
  BOOST_TEST((*status.freeze < 2'000ms) == sample.is_proof);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
