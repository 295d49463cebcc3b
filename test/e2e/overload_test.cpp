// More messages arrive than the consumer handles, or nearly as many: nobody catches up in time, so the cutoff has to
// end the replay. What is checked is what the status says of its own times, not how fast the machine is.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "shared/migration/migration.h"
#include "test/e2e/scene.h"

using namespace harness;
using namespace std::chrono_literals;
using migrate::milliseconds;

namespace {

constexpr int kServiceMs = 50;  // so 20 a second are handled

ConsumerSpec consumer() {
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.service_ms = kServiceMs;
  spec.prefetch = 5;
  spec.service_time = fmt::format("{}ms", kServiceMs);
  return spec;
}

double seconds(migrate::Microseconds span) {
  return std::chrono::duration<double>(span).count();
}

migrate::Microseconds sum_of(const migrate::MigrationStatus& status, const std::vector<std::string>& phases) {
  migrate::Microseconds sum{0};
  for (const migrate::Step& step : status.steps)
    if (step.finished && std::find(phases.begin(), phases.end(), step.name) != phases.end())
      sum += *step.finished - step.started;
  return sum;
}

struct Moved {
  migrate::Migration migration;
  migrate::MessagesStatus messages;
};

// Live, with a T_replay_max that is asked for; what holds at any load is checked.
Moved move_at(const std::string& ns, double per_second, std::chrono::seconds max_replay) {
  Scene scene{ns};
  scene.start(consumer(), {.per_second = per_second / 2, .producers = 2, .count = 0});
  const std::uint64_t before = scene.repeats();
  const auto move =
      scene.move({"--to", "node-b", "--strategy", "live", "--max-replay", fmt::format("{}s", max_replay.count())});
  scene.stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
  const auto parsed = migrate::parse_migration(move.migration);
  BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  const migrate::MigrationStatus& status = parsed->status;
  BOOST_TEST((parsed->spec.max_replay == max_replay));
  BOOST_TEST((status.phase == migrate::Phase::succeeded), status.message);
  BOOST_REQUIRE(status.messages);
  const migrate::MessagesStatus& messages = *status.messages;
  BOOST_TEST_MESSAGE(move.migration.at("status").at("messages").dump() << "\n" << move.told);

  BOOST_REQUIRE(messages.arrival_rate.has_value());
  BOOST_REQUIRE(messages.service_rate.has_value());
  BOOST_REQUIRE(messages.cutoff_planned.has_value());
  BOOST_REQUIRE(messages.cutoff_used.has_value());
  BOOST_REQUIRE(messages.backlog_at_cut.has_value());
  BOOST_REQUIRE(messages.duplicates_bound.has_value());
  BOOST_TEST(messages.lost.value_or(1) == 0U);
  // What is made before the shadow can read takes its time whatever T_replay_max is.
  const auto fixed = sum_of(status, {"Mirroring", "Checkpointing", "Transferring", "Shadowing"});
  BOOST_TEST(seconds(sum_of(status, {"Replaying"})) <= seconds(max_replay + fixed));
  BOOST_TEST(seconds(sum_of(status, {"Replaying", "Draining", "Switching"})) <= seconds(max_replay + fixed));
  BOOST_TEST(seconds(*messages.cutoff_used) <= seconds(max_replay + fixed));
  // The rest is what came while T_replay_max went on, and in those phases.
  const double most = *messages.arrival_rate * seconds(fixed + sum_of(status, {"Freezing"})) +
                      *messages.service_rate * seconds(max_replay);
  BOOST_TEST(static_cast<double>(*messages.backlog_at_cut) <= most);

  scene.wait_for_more(20);
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
  BOOST_TEST(scene.repeats() - before <= *messages.duplicates_bound);
  return {*parsed, messages};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overload)

BOOST_AUTO_TEST_CASE(the_cutoff_bounds_a_replay_that_never_catches_up) {
  const Moved moved = move_at("overload", 25, 5s);
  // T_replay_max ended it: waiting for it to converge was in vain, and its diverging takes longer to be seen.
  BOOST_TEST(moved.messages.cut_because == "Cutoff");
  BOOST_TEST(*moved.messages.service_rate < *moved.messages.arrival_rate);
  BOOST_TEST((*moved.messages.cutoff_planned < moved.migration.spec.max_replay));
  BOOST_TEST(*moved.messages.backlog_at_cut > 0U);
}

// It would catch up within minutes, or never where the machine is slower than it should be: whatever ends the replay,
// it ends in time.
BOOST_AUTO_TEST_CASE(a_replay_that_hardly_catches_up_ends_in_time) {
  const Moved moved = move_at("overload-nearly", 19, 15s);
  BOOST_TEST(!moved.messages.cut_because.empty());
}

BOOST_AUTO_TEST_SUITE_END()
