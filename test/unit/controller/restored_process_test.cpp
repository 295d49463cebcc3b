// Whose memory reads, asked of the target's agent: what the kubelet has yet to tell need not be waited for.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <optional>
#include <ostream>

#include "extender/controller/restored_process.h"
#include "test/unit/controller/live.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct Answer {
  const char* what;
  const char* restored_as;
  const char* runs;
  bool is_reached;
  WhoRuns verdict;
  friend std::ostream& operator<<(std::ostream& out, const Answer& answer) { return out << answer.what; }
};
const std::vector<Answer> kAnswers{{"the very one", "one", "one", true, WhoRuns::the_restored},
                                   {"another one", "one", "two", true, WhoRuns::another},
                                   {"nobody can tell", "", "one", true, WhoRuns::unknown},
                                   {"its agent is not reached", "one", "one", false, WhoRuns::unknown}};

struct Asked : Live {
  explicit Asked(const Answer& answer) : answer(answer) {
    target.restored_as = answer.restored_as;
    target.facts.containers.front().id = answer.runs;
    arm();
    target.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != "inspect" || !released || this->answer.is_reached) return std::nullopt;
      return agent::AgentError{agent::AgentError::Kind::unreachable, "no route to host"};
    };
    on_release = [this] { released = now(); };
    broker->on_call = [this](const std::string& call) -> std::optional<Error> {
      if (on_switch_call && status().phase == Phase::switching) on_switch_call(call);
      return std::nullopt;
    };
    time.on_pass = [this, pass = time.on_pass] {
      if (due && now() >= due->at) std::exchange(due, std::nullopt)->what();
      pass();
    };
  }
  // Quickly by the agent's word, or when the kubelet would have told; and not at all to who has no memory.
  void check(milliseconds took, const char* ended) {
    if (answer.verdict == WhoRuns::another) {
      check_said(status(), ended, "TargetDied", "another one runs in its place");
      return;
    }
    check_succeeded(kShadow);
    check_complete();
    BOOST_TEST((took < 2'000ms) == (answer.verdict == WhoRuns::the_restored), took.count());
  }
  [[nodiscard]] milliseconds took(Phase phase) const {
    for (const Step& step : status().steps)
      if (step.name == to_string(phase) && step.finished)
        return std::chrono::duration_cast<milliseconds>(*step.finished - step.started);
    return milliseconds{0};
  }

  struct Due {
    Instant at;
    std::function<void()> what;
  };
  Answer answer;
  std::optional<Instant> released;
  std::optional<Due> due;
  std::function<void(const std::string& call)> on_switch_call;  // to the broker, while it is in that phase
};

BOOST_AUTO_TEST_SUITE(restored_processes)

// A copy that comes back to its broker a moment after the first look at its mirror.
BOOST_DATA_TEST_CASE(who_comes_late_is_believed_at_once_by_its_agent_s_word, data::make(kAnswers)) {
  Asked scene{sample};
  scene.obeys = false;
  scene.on_release = [&] {
    scene.released = scene.now();
    scene.due = {scene.now() + 200ms, [&] { scene.obeys = true; }};
  };
  scene.run();
  scene.check(scene.took(Phase::replaying), "RolledBack");
}

// One that nobody has looked at while its source was being frozen.
BOOST_DATA_TEST_CASE(no_freeze_waits_for_the_kubelet_where_the_agent_can_tell, data::make(kAnswers)) {
  Asked scene{sample};
  scene.source.after = [&](const std::string& what) {
    if (what == "freeze") scene.time.pass(400ms);
  };
  scene.run();
  scene.check(scene.took(Phase::draining), "RolledBack");
}

// One that loses its broker for a moment behind the commit.
BOOST_DATA_TEST_CASE(nor_does_a_switch, data::make(kAnswers)) {
  Asked scene{sample};
  scene.on_switch_call = [&](const std::string&) {
    scene.on_switch_call = nullptr;
    scene.broker->cancel(scene.mirror(), "t3");
    scene.due = {scene.now() + 200ms, [&] { scene.broker->consume(scene.mirror(), {"t3", "shadow", "10.0.0.20", 5}); }};
  };
  scene.run(sample.verdict == WhoRuns::another ? 1 : 30);
  scene.check(scene.took(Phase::switching), "InDoubt");
}

// One that takes its time to leave its mirror.
BOOST_DATA_TEST_CASE(who_takes_over_late_is_believed_as_well, data::make(kAnswers)) {
  Asked scene{sample};
  scene.on_switch_call = [&](const std::string& call) {
    if (call.find("END_REPLAY") == std::string::npos) return;
    scene.on_switch_call = nullptr;
    scene.obeys = false;
    scene.due = {scene.now() + 600ms, [&] { scene.obeys = true; }};
  };
  scene.run(sample.verdict == WhoRuns::another ? 1 : 30);
  scene.check(scene.took(Phase::switching), "InDoubt");
}

// Of a death that the agent has told of, the kubelet's word is no news.
BOOST_AUTO_TEST_CASE(a_doubt_by_the_agent_s_word_says_no_second_death) {
  Asked scene{kAnswers[1]};
  scene.on_switch_call = [&](const std::string&) {
    scene.on_switch_call = nullptr;
    scene.broker->cancel(scene.mirror(), "t3");
    scene.due = {scene.now() + 200ms, [&] { scene.broker->consume(scene.mirror(), {"t3", "shadow", "10.0.0.20", 5}); }};
  };
  scene.run(1);
  check_said(scene.status(), "InDoubt", "TargetDied", "another one runs in its place");
  scene.kubelet_says_it_ended();
  scene.run(2);
  check_said(scene.status(), "InDoubt", "TargetDied", "another one runs in its place");
  BOOST_TEST(scene.status().message.find("since then") == std::string::npos, scene.status().message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
