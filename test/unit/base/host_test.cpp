#include "shared/base/host.h"

#include <boost/test/unit_test.hpp>

#include "test/fakes/folder.h"

BOOST_AUTO_TEST_SUITE(host)

BOOST_AUTO_TEST_CASE(a_file_is_read_whole) {
  const migrate::fakes::Folder folder;
  const std::string big(100'000, 'x');
  BOOST_TEST(*migrate::DiskFiles{}.read(folder.write("big", big)).value() == big);
  BOOST_TEST(migrate::DiskFiles{}.read(folder.write("empty", "")).value()->empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_no_error) {
  const migrate::fakes::Folder folder;
  BOOST_TEST(!migrate::DiskFiles{}.read(folder / "missing").value().has_value());
  BOOST_TEST(!migrate::DiskFiles{}.read(folder.write("file", "x") + "/below").value().has_value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_an_error_that_names_it) {
  const migrate::fakes::Folder folder;
  const auto read = migrate::DiskFiles{}.read(folder / "");
  BOOST_TEST_REQUIRE(!read);
  BOOST_TEST(read.error().message == "read " + (folder / "") + ": Is a directory");
}

BOOST_AUTO_TEST_CASE(variables_are_those_of_the_process) {
  BOOST_TEST(migrate::ProcessEnvironment{}.variable("PATH").has_value());
  BOOST_TEST(!migrate::ProcessEnvironment{}.variable("MIGRATE_NO_SUCH_VARIABLE").has_value());
}

BOOST_AUTO_TEST_CASE(the_clock_is_the_systems) {
  const auto before = std::chrono::floor<migrate::Microseconds>(std::chrono::system_clock::now());
  const migrate::Instant now = migrate::SystemClock{}.now();
  BOOST_TEST((before <= now && now <= std::chrono::system_clock::now()));
}

BOOST_AUTO_TEST_SUITE_END()
