#include "plugin/picture.h"

#include "plugin/format.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

using Lines = std::vector<std::string>;

void check(const Lines& got, const Lines& wanted) {
  BOOST_TEST(got == wanted, boost::test_tools::per_element());
}

Migration under_way() {
  Migration made = migration_in(
      Phase::checkpointing,
      {step(Phase::preparing, 0ms, 12ms), step(Phase::placing, 12ms, 524ms, "orders-mig-ab12c on node-b"),
       step(Phase::freezing, 524ms, 544ms), step(Phase::checkpointing, 544ms, {}, "52.4 MiB of 104.0 MiB")});
  made.status.frozen_at = at(530ms);
  made.status.forecast_gap = 900ms;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pictures)

BOOST_AUTO_TEST_CASE(steps_that_were_that_is_and_that_are_to_come) {
  check(picture(under_way(), at(744ms), {}),
        {"orders-x7k2p: Pod shop/orders, node-a to node-b, Stop, Direct", "  + Preparing        0.012 s",
         "  + Placing          0.512 s  orders-mig-ab12c on node-b", "  + Freezing         0.020 s",
         "  > Checkpointing    0.200 s  52.4 MiB of 104.0 MiB", "  . Transferring", "  . Committing", "  . Restoring",
         "  . Finishing", "  The source is frozen since 0.214 s (forecast of the gap: 0.900 s)"});
}

BOOST_AUTO_TEST_CASE(nothing_has_begun) {
  Migration waiting = migration_in(Phase::pending);
  waiting.spec.keep_name = true;
  waiting.spec.strategy = Strategy::stop;
  check(
      picture(waiting, at(0ms), {}),
      {"orders-x7k2p: Pod shop/orders, to where the scheduler chooses", "  . Preparing", "  . Placing", "  . Freezing",
       "  . Checkpointing", "  . Transferring", "  . Committing", "  . Renaming", "  . Restoring", "  . Finishing"});
  waiting.spec.target_node = "node-c";
  BOOST_TEST(picture(waiting, at(0ms), {}).front() == "orders-x7k2p: Pod shop/orders, to node-c");
}

BOOST_AUTO_TEST_CASE(a_rollback_marks_the_step_it_began_in) {
  Migration back = migration_in(
      Phase::rolling_back, {step(Phase::preparing, 0ms, 12ms), step(Phase::transferring, 12ms, 40ms, "digest differs"),
                            step(Phase::rolling_back, 40ms)});
  back.status.reason = "TransferFailed";
  back.status.message = "the archive of app is altered.";
  check(picture(back, at(50ms), {}),
        {"orders-x7k2p: Pod shop/orders, node-a to node-b, Stop, Direct", "  + Preparing        0.012 s",
         "  x Transferring     0.028 s  digest differs", "  > RollingBack      0.010 s",
         "  TransferFailed: the archive of app is altered"});
}

BOOST_AUTO_TEST_CASE(a_repeated_restore_shows_no_earlier_step_again) {
  const Migration again = migration_in(
      Phase::repeating,
      {step(Phase::preparing, 0ms, 12ms), step(Phase::restoring, 12ms, 40ms), step(Phase::repeating, 40ms)});
  const Lines lines = picture(again, at(50ms), {});
  BOOST_TEST(lines.at(3) == "  > Repeating        0.010 s");
  BOOST_TEST(lines.at(4) == "  . Finishing");
}

BOOST_AUTO_TEST_CASE(long_messages_are_cut_and_cannot_steer_the_terminal) {
  Migration loud = under_way();
  loud.status.steps.back().message = "\x1b[2J" + std::string(200, 'x') + "\nsecond line";
  loud.spec.pod = std::string(200, 'p');
  for (const std::size_t width : {20U, 40U, 80U, 120U})
    for (const std::string& line : picture(loud, at(744ms), {width, false, false})) {
      BOOST_TEST(characters(line) <= width, line);
      BOOST_TEST(line.find('\x1b') == std::string::npos, line);
    }
}

BOOST_AUTO_TEST_CASE(on_a_narrow_screen_nothing_of_the_heading_is_lost) {
  const Lines lines = picture(under_way(), at(744ms), {40, false, false});
  check({lines.begin(), lines.begin() + 2}, {"orders-x7k2p: Pod shop/orders,", "  node-a to node-b, Stop, Direct"});
  check({lines.end() - 2, lines.end()}, {"  The source is frozen since 0.214 s", "  (forecast of the gap: 0.900 s)"});
}

BOOST_AUTO_TEST_CASE(colours_and_marks_only_where_they_are_wanted) {
  const Style colourful{80, true, true};
  const Lines lines = picture(under_way(), at(744ms), colourful);
  BOOST_TEST(lines.at(1) == "  \x1b[32m✓\x1b[0m Preparing        0.012 s");
  BOOST_TEST(lines.at(5) == "  \x1b[2m· Transferring\x1b[0m");
  for (const std::string& line : picture(under_way(), at(744ms), {80, false, true}))
    BOOST_TEST(line.find('\x1b') == std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(changes_are_told_once_each_at_their_own_time) {
  const Migration pending = migration_in(Phase::pending);
  check(changes(nullptr, pending, at(1ms), 0s), {"12:00:00.001 orders-x7k2p Pending"});
  // several steps between two looks
  check(changes(&pending, under_way(), at(1'000ms), 0s),
        {"12:00:00.000 orders-x7k2p Preparing", "12:00:00.012 orders-x7k2p Preparing took 0.012 s",
         "12:00:00.012 orders-x7k2p Placing",
         "12:00:00.524 orders-x7k2p Placing took 0.512 s: orders-mig-ab12c on node-b",
         "12:00:00.524 orders-x7k2p Freezing", "12:00:00.544 orders-x7k2p Freezing took 0.020 s",
         "12:00:00.544 orders-x7k2p Checkpointing", "12:00:01.000 orders-x7k2p Checkpointing: 52.4 MiB of 104.0 MiB"});
  const Migration same = under_way();
  check(changes(&same, under_way(), at(1'100ms), 0s), {});
  Migration further = under_way();
  further.status.steps.back().message = "80.0 MiB of 104.0 MiB";
  further.status.warnings = {"an open TCP connection was closed"};
  check(changes(&same, further, at(1'100ms), 3'600s),
        {"13:00:01.100 orders-x7k2p Checkpointing: 80.0 MiB of 104.0 MiB",
         "13:00:01.100 orders-x7k2p Warning: an open TCP connection was closed"});
}

BOOST_AUTO_TEST_CASE(the_end_is_a_change_and_says_why) {
  const Migration before = under_way();
  Migration refused = migration_in(Phase::refused);
  refused.status.reason = "HostPath";
  refused.status.message = "volume data is a hostPath";
  check(changes(&before, refused, at(9'000ms), 0s),
        {"12:00:02.310 orders-x7k2p Refused HostPath: volume data is a hostPath"});
  const Lines lines = changes(&before, succeeded(), at(9'000ms), 0s);
  BOOST_TEST(lines.back() == "12:00:02.310 orders-x7k2p Succeeded");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
