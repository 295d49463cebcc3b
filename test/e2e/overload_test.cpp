// More messages arrive than the consumer handles, or nearly as many: nobody catches up in time, so the cutoff has to
// end the replay. What is checked is what the status says of its own times, not how fast the machine is.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "shared/messages/cutoff.h"
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

// What is made before the shadow can read takes its time whatever was asked for.
migrate::Microseconds fixed_phases(const Moved& moved) {
  return sum_of(moved.migration.status, {"Mirroring", "Checkpointing", "Transferring", "Shadowing"});
}

// Live, with what is asked for; what holds at any load is checked.
Moved move_at(const std::string& ns, double per_second, const Words& asked) {
  Scene scene{ns};
  scene.start(consumer(), {.per_second = per_second / 2, .producers = 2, .count = 0});
  const std::uint64_t before = scene.repeats();
  Words words{"--to", "node-b", "--strategy", "live"};
  words.insert(words.end(), asked.begin(), asked.end());
  const auto move = scene.move(words);
  scene.stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
  const auto parsed = migrate::parse_migration(move.migration);
  BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  const migrate::MigrationStatus& status = parsed->status;
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

  scene.wait_for_more(20);
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
  BOOST_TEST(scene.repeats() - before <= *messages.duplicates_bound);
  return {*parsed, messages};
}

// The source stops by `cutoff`, and what has accumulated takes no longer than `replay`, but for the fixed phases.
void check_bounded(const Moved& moved, double cutoff, double replay) {
  const migrate::MigrationStatus& status = moved.migration.status;
  const double fixed = seconds(fixed_phases(moved));
  BOOST_TEST(seconds(sum_of(status, {"Replaying"})) <= cutoff + fixed);
  BOOST_TEST(seconds(sum_of(status, {"Replaying", "Draining", "Switching"})) <= replay + fixed);
  BOOST_TEST(seconds(*moved.messages.cutoff_used) <= cutoff + fixed);
  // The rest is what came while that went on, and in those phases.
  const double most = *moved.messages.arrival_rate * (fixed + seconds(sum_of(status, {"Freezing"}))) +
                      *moved.messages.service_rate * replay;
  BOOST_TEST(static_cast<double>(*moved.messages.backlog_at_cut) <= most);
}

Moved move_within(const std::string& ns, double per_second, std::chrono::seconds max_replay) {
  Moved moved = move_at(ns, per_second, {"--max-replay", fmt::format("{}s", max_replay.count())});
  BOOST_TEST((moved.migration.spec.max_replay == max_replay));
  check_bounded(moved, seconds(max_replay), seconds(max_replay));
  return moved;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overload)

BOOST_AUTO_TEST_CASE(the_cutoff_bounds_a_replay_that_never_catches_up) {
  const Moved moved = move_within("overload", 25, 5s);
  // T_replay_max ended it: waiting for it to converge was in vain, and its diverging takes longer to be seen.
  BOOST_TEST(moved.messages.cut_because == "Cutoff");
  BOOST_TEST(*moved.messages.service_rate < *moved.messages.arrival_rate);
  BOOST_TEST((*moved.messages.cutoff_planned < moved.migration.spec.max_replay));
  BOOST_TEST(*moved.messages.backlog_at_cut > 0U);
}

// A span that was asked for stands in the computed one's place: only having caught up would end the replay before it,
// and that is in vain here.
BOOST_AUTO_TEST_CASE(a_cutoff_that_was_asked_for_is_kept) {
  constexpr auto kAsked = 6s;
  const Moved moved = move_at("overload-asked", 25, {"--cutoff", fmt::format("{}s", kAsked.count())});
  const migrate::MessagesStatus& messages = moved.messages;
  BOOST_TEST((moved.migration.spec.cutoff == kAsked));
  BOOST_TEST(messages.cut_because == "Asked");
  BOOST_TEST(*messages.service_rate < *messages.arrival_rate);
  // Whatever the rates are.
  BOOST_TEST((*messages.cutoff_planned == kAsked));
  // No earlier, but for the time that stopping the source takes.
  BOOST_TEST((*messages.cutoff_used >= kAsked - migrate::messages::CutPolicy{}.reaction));
  BOOST_TEST(*messages.backlog_at_cut > 0U);
  // All that came until the mirror was unbound, at the rate at which it was handled.
  const double accumulated = seconds(*messages.cutoff_used + sum_of(moved.migration.status, {"Freezing"}));
  check_bounded(moved, seconds(kAsked), accumulated * *messages.arrival_rate / *messages.service_rate);
}

// It would catch up within minutes, or never where the machine is slower than it should be: whatever ends the replay,
// it ends in time.
BOOST_AUTO_TEST_CASE(a_replay_that_hardly_catches_up_ends_in_time) {
  const Moved moved = move_within("overload-nearly", 19, 15s);
  BOOST_TEST(!moved.messages.cut_because.empty());
}

BOOST_AUTO_TEST_SUITE_END()
