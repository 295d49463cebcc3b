// A migration with replay, as it is shown while it runs and in the end.
#include "plugin/replay.h"

#include "plugin/account.h"
#include "plugin/format.h"
#include "plugin/picture.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

using Lines = std::vector<std::string>;

void check(const Lines& got, const Lines& wanted) {
  BOOST_TEST(got == wanted, boost::test_tools::per_element());
}

Migration live_in(Phase phase, std::vector<Step> steps = {}) {
  Migration made = migration_in(phase, std::move(steps));
  made.status.strategy = Strategy::live;
  made.status.messages = mirrored();
  return made;
}

Migration replaying() {
  Migration made =
      live_in(Phase::replaying, {step(Phase::preparing, 0ms, 12ms), step(Phase::placing, 12ms, 524ms),
                                 step(Phase::mirroring, 524ms, 900ms), step(Phase::checkpointing, 900ms, 1'300ms),
                                 step(Phase::transferring, 1'300ms, 1'500ms), step(Phase::shadowing, 1'500ms, 1'900ms),
                                 step(Phase::replaying, 1'900ms)});
  made.status.running_at = at(1'900ms);
  return made;
}

Migration drained() {
  Migration made = succeeded();
  made.status.strategy = Strategy::live;
  made.status.messages = mirrored();
  MessagesStatus& messages = *made.status.messages;
  messages.mirrored = 342;
  messages.replayed = 342;
  messages.backlog_at_cut = 5;
  messages.lost = 0;
  messages.duplicates_bound = 0;
  messages.cutoff_used = 4'250ms;
  messages.cut_because = "Converged";
  made.status.snapshot_freeze = 312ms;
  made.status.forecast_total = 2'500ms;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replays)

BOOST_AUTO_TEST_CASE(the_picture_shows_what_is_left_the_rates_and_when_the_source_stops) {
  check(picture(replaying(), at(2'900ms), {}),
        {"orders-x7k2p: Pod shop/orders, node-a to node-b, Live, Direct", "  + Preparing        0.012 s",
         "  + Placing          0.512 s", "  + Mirroring        0.376 s", "  + Checkpointing    0.400 s",
         "  + Transferring     0.200 s", "  + Shadowing        0.400 s", "  > Replaying        1.000 s", "  . Freezing",
         "  . Draining", "  . Committing", "  . Switching", "  . Finishing",
         "  Replaying 34 left, in 10.2/s, out 19.8/s, source stops at the latest in 12 s"});
}

BOOST_AUTO_TEST_CASE(each_phase_tells_of_the_mirror_what_matters_in_it) {
  const auto shown = [](Migration migration) { return picture(migration, at(3'000ms), {}).back(); };
  Migration mirroring = live_in(Phase::mirroring);
  mirroring.status.messages->service_rate.reset();
  BOOST_TEST(shown(mirroring) == "  The mirror holds 34, in 10.2/s");
  BOOST_TEST(shown(live_in(Phase::shadowing)) == "  The mirror holds 34, in 10.2/s");
  BOOST_TEST(shown(live_in(Phase::draining)) == "  Replaying the last 34, out 19.8/s, done in about 1.717 s");
  BOOST_TEST(shown(live_in(Phase::committing)) == "  . Finishing");
  Migration empty = live_in(Phase::switching);
  empty.status.messages->backlog.back().ready = 0;
  BOOST_TEST(shown(empty) == "  . Finishing");
  Migration unmeasured = replaying();
  unmeasured.status.messages->arrival_rate.reset();
  unmeasured.status.messages->service_rate.reset();
  unmeasured.status.messages->cutoff_planned.reset();
  BOOST_TEST(shown(unmeasured) == "  Replaying 34 left");
  Migration late = replaying();
  late.status.messages->cutoff_planned = 1'000ms;
  BOOST_TEST(shown(late) == "  Replaying 34 left, in 10.2/s, out 19.8/s, source stops now");
  late.status.messages->cutoff_planned = 300'000ms;
  BOOST_TEST(shown(late).ends_with("in 4 m 58 s"));
}

BOOST_AUTO_TEST_CASE(a_frozen_source_of_a_live_migration_is_told_though_the_target_runs) {
  Migration draining = live_in(Phase::draining);
  draining.status.running_at = at(1'900ms);
  draining.status.frozen_at = at(4'000ms);
  const Lines lines = picture(draining, at(4'200ms), {});
  BOOST_TEST(lines.at(lines.size() - 2) == "  The source is frozen since 0.200 s");
}

BOOST_AUTO_TEST_CASE(each_strategy_has_its_own_phases_and_undecided_ones_are_not_guessed) {
  const auto phases = [](Strategy chosen, bool keep_name) {
    Migration made = migration_in(Phase::pending);
    made.spec.strategy = chosen;
    made.spec.keep_name = keep_name;
    std::string all;
    const Lines lines = picture(made, at(0ms), {});
    for (std::size_t i = 1; i < lines.size(); ++i)
      all += lines[i].substr(lines[i].find(". ") + 1);
    return all;
  };
  BOOST_TEST(phases(Strategy::automatic, true) == " Preparing Placing");
  BOOST_TEST(phases(Strategy::stop, true) ==
             " Preparing Placing Freezing Checkpointing Transferring Committing Renaming Restoring Finishing");
  BOOST_TEST(phases(Strategy::live, false) ==
             " Preparing Placing Mirroring Checkpointing Transferring Shadowing Replaying Freezing Draining Committing"
             " Switching Finishing");
  BOOST_TEST(phases(Strategy::sequential, true) ==
             " Preparing Placing Mirroring Checkpointing Transferring Freezing Committing Renaming Restoring Switching"
             " Finishing");
  BOOST_TEST(phases(Strategy::sequential, false).find("Renaming") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_terminal_changes_are_told_and_readings_are_not) {
  Migration before = live_in(Phase::mirroring, {step(Phase::mirroring, 524ms)});
  before.status.messages.reset();
  Migration bound = live_in(Phase::mirroring, {step(Phase::mirroring, 524ms, {}, "3 messages are missing")});
  bound.status.messages->service_rate.reset();
  bound.status.messages->service_rate_from = RateSource::unknown;
  check(changes(&before, bound, at(700ms), 0s),
        {"12:00:00.700 orders-x7k2p Mirroring: 3 messages are missing",
         "12:00:00.600 orders-x7k2p Mirror ms2m.replay.uid-orders-x7k2p of queue orders is bound"});
  const Migration began = replaying();
  const Lines first = changes(&bound, began, at(2'900ms), 0s);
  BOOST_TEST(first.at(first.size() - 2) == "12:00:02.900 orders-x7k2p Service rate: 19.8/s, measured at the target");
  BOOST_TEST(first.back() ==
             "12:00:02.900 orders-x7k2p Replaying: replaying 34 left, in 10.2/s, out 19.8/s, "
             "source stops at the latest in 12 s");

  Migration read = began;
  read.status.messages->backlog.push_back({at(3'100ms), 28});
  read.status.messages->arrival_rate = 9.9;
  read.status.messages->cutoff_planned = 15'000ms;
  check(changes(&began, read, at(3'100ms), 0s), {});
  Migration worded = read;
  worded.status.steps.back().message = "28 left, 12.5 s to go";
  check(changes(&read, worded, at(3'200ms), 0s), {"12:00:03.200 orders-x7k2p Replaying: 28 left, 12.5 s to go"});
  Migration worded_again = worded;
  worded_again.status.steps.back().message = "9 left, 7 s to go";
  check(changes(&worded, worded_again, at(3'300ms), 0s), {});

  Migration cut = read;
  cut.status.messages->cut_because = "Cutoff";
  cut.status.messages->cutoff_used = 14'300ms;
  cut.status.messages->backlog_at_cut = 120;
  check(changes(&read, cut, at(15'000ms), 0s),
        {"12:00:15.000 orders-x7k2p Cut: the computed time was over, 14.3 s after the mirror began, 120 left"});
}

BOOST_AUTO_TEST_CASE(a_reading_that_comes_after_the_phase_is_told_once) {
  Migration silent = replaying();
  silent.status.messages->backlog.clear();
  silent.status.messages->arrival_rate.reset();
  silent.status.messages->service_rate.reset();
  silent.status.messages->cutoff_planned.reset();
  const Lines lines = changes(&silent, replaying(), at(2'900ms), 0s);
  BOOST_TEST(lines.back().find("Replaying: replaying 34 left") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_account_has_messages_rates_and_cutoff) {
  const Lines wanted = {"  Gap       0.812 s  (forecast 0.900 s)",
                        "  Freeze    0.604 s",
                        "  Snapshot  0.312 s frozen for it",
                        "  Bytes     106.0 MiB in 2 archives",
                        "  Messages  342 mirrored, 342 replayed, 5 left at the cut, 0 lost, none repeated",
                        "  Rates     in 10.2/s, out 19.8/s, measured at the target",
                        "  Cutoff    4.250 s after the mirror began, planned 14.3 s,",
                        "            the target had caught up",
                        "  Total     2.310 s  (forecast 2.500 s)",
                        "  Phases    Preparing 0.012 s, Placing 0.512 s, Freezing 0.020 s,",
                        "            Finishing 1.766 s"};
  check(account(drained(), 80), wanted);
  for (const std::size_t width : {40U, 60U})
    for (const std::string& line : account(drained(), width))
      BOOST_TEST(characters(line) <= width, line);
  Migration repeated = drained();
  repeated.status.messages->duplicates_bound = 7;
  check_says(account(repeated, 120).at(4), "0 lost, no more than 7 repeated");
}

BOOST_AUTO_TEST_CASE(an_estimate_is_told_as_one) {
  Migration live = drained();
  MessagesStatus& messages = *live.status.messages;
  messages.mirrored.reset();
  messages.replayed.reset();
  messages.mirrored_estimate = 44;
  messages.replayed_estimate = 44;
  check_says(account(live, 120).at(4), "  Messages  about 44 mirrored, about 44 replayed, 5 left at the cut, 0 lost");
  Scene scene;
  scene.put(live);
  BOOST_TEST(scene.run({"describe", "orders-x7k2p"}) == 0, scene.err.str());
  check_says(scene.out.str(), "  Mirrored:         about 44\n  Replayed:         about 44\n");
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_not_accounted_for) {
  Migration plain = succeeded();
  plain.status.messages.emplace();
  check(account(plain, 80), account(succeeded(), 80));
}

BOOST_AUTO_TEST_CASE(no_line_is_wider_than_the_screen_nor_steers_it) {
  Migration loud = replaying();
  loud.status.messages->backlog.back().ready = 1'234'567;
  loud.status.messages->arrival_rate = 123'456;
  loud.status.messages->mirror = "\x1b[2J";
  for (const std::size_t width : {20U, 40U, 80U})
    for (const std::string& line : picture(loud, at(2'900ms), {width, false, false}))
      BOOST_TEST(characters(line) <= width, line);
  const Migration before = migration_in(Phase::pending);
  for (const std::string& line : changes(&before, loud, at(2'900ms), 0s))
    BOOST_TEST(line.find('\x1b') == std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(describe_has_a_block_of_messages) {
  Scene scene;
  Migration whole = drained();
  whole.status.messages->backlog_interval = 184ms;
  whole.spec.restore = RestoreWay::image;
  whole.spec.transfer = TransferWay::registry;
  whole.spec.registry = "r.example/cp";
  whole.spec.registry_secret = "pull";
  whole.status.restore = RestoreWay::image;
  scene.put(whole);
  BOOST_TEST(scene.run({"describe", "orders-x7k2p"}) == 0, scene.err.str());
  for (const char* part : {"Strategy:           Live (asked for: Auto)\n", "Restore:            Image\n",
                           "Transfer:           Registry r.example/cp (Secret pull)\n", "Max replay:         30.0 s\n",
                           "Cutoff:             computed\n", "Snapshot freeze:    0.312 s\n",
                           "Total:              2.310 s\n", "Forecast:           gap 0.900 s, total 2.500 s\n",
                           "Messages:\n"
                           "  Queue:            orders\n"
                           "  Mirror:           ms2m.replay.uid-orders-x7k2p\n"
                           "  Control queue:    ms2m.control.orders-mig-ab12c\n"
                           "  Mirrored since:   2026-01-01T12:00:00.600000Z\n"
                           "  Arrival rate:     10.2/s\n"
                           "  Service rate:     19.8/s, measured at the target\n"
                           "  Cutoff planned:   14.3 s after the mirror began, at the latest\n"
                           "  Cutoff used:      4.250 s: the target had caught up\n"
                           "  Left at the cut:  5\n"
                           "  Mirrored:         342\n"
                           "  Replayed:         342\n"
                           "  Repeated:         no more than 0\n"
                           "  Lost:             0\n"
                           "  Backlog:          1 at 0.100 s, 34 at 2.300 s\n"
                           "  Reading interval: no more than 0.184 s\n"
                           "Steps:\n"})
    check_says(scene.out.str(), part);
}

BOOST_AUTO_TEST_CASE(describe_thins_a_long_backlog_and_keeps_its_end) {
  Scene scene;
  Migration whole = drained();
  std::vector<BacklogPoint>& points = whole.status.messages->backlog;
  points.clear();
  for (std::uint64_t i = 0; i < 60; ++i)
    points.push_back({at(600ms + i * 100ms), i});
  whole.status.messages->service_rate.reset();
  scene.put(whole);
  BOOST_TEST(scene.run({"describe", "orders-x7k2p"}) == 0, scene.err.str());
  const std::string out = scene.out.str();
  check_says(out, "59 at 5.900 s\n");
  check_says(out, "  Backlog:          4 at 0.400 s, 9 at 0.900 s,");
  check_says(out, "  Service rate:     unknown\n");
  std::istringstream lines{out.substr(out.find("Backlog:"))};
  for (std::string line; std::getline(lines, line) && line != "Steps:";)
    BOOST_TEST(characters(line) <= 80U, line);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
