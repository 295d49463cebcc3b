#include "plugin/account.h"

#include "plugin/format.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(accounts)

BOOST_AUTO_TEST_CASE(gap_freeze_bytes_total_and_phases) {
  const std::vector<std::string> wanted = {"  Gap       0.812 s  (forecast 0.900 s)",
                                           "  Freeze    0.604 s",
                                           "  Bytes     106.0 MiB in 2 archives",
                                           "  Total     2.310 s",
                                           "  Phases    Preparing 0.012 s, Placing 0.512 s, Freezing 0.020 s,",
                                           "            Finishing 1.766 s"};
  BOOST_TEST(account(succeeded(), 80) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_never_happened_is_not_accounted_for) {
  BOOST_TEST(account(migration_in(Phase::pending), 80).empty());
  Migration refused = migration_in(Phase::refused);
  refused.status.started.reset();
  BOOST_TEST(account(refused, 80).empty());
}

BOOST_AUTO_TEST_CASE(a_warning_is_never_cut) {
  Migration risky = succeeded();
  risky.status.warnings = {std::string(100, 'w')};
  BOOST_TEST(account(risky, 80).back() == "  Warning   " + std::string(100, 'w'));
}

BOOST_AUTO_TEST_CASE(lines_keep_to_the_width) {
  for (const std::size_t width : {40U, 60U, 80U})
    for (const std::string& line : account(succeeded(), width))
      BOOST_TEST(characters(line) <= width, line);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
