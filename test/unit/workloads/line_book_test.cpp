#include "test/workloads/producer/line_book.h"

#include <boost/test/unit_test.hpp>

#include "test/temporary_folder.h"

using migrate::test::read_text;
using migrate::test::TemporaryFolder;

BOOST_AUTO_TEST_SUITE(line_book)

BOOST_AUTO_TEST_CASE(a_line_is_in_the_file_as_soon_as_it_is_appended) {
  const TemporaryFolder folder;
  auto book = migrate::value_or_fatal(orders::LineBook::open(folder / "record"));
  book.append("one");
  BOOST_TEST(read_text(folder / "record") == "one\n");
  book.append("two");
  BOOST_TEST(read_text(folder / "record") == "one\ntwo\n");
  BOOST_TEST(book.text() == "one\ntwo\n");
  BOOST_TEST(book.health().has_value());
}

BOOST_AUTO_TEST_CASE(without_a_file_lines_are_only_kept) {
  auto book = migrate::value_or_fatal(orders::LineBook::open(""));
  book.append("one");
  BOOST_TEST(book.text() == "one\n");
  BOOST_TEST(book.health().has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_an_error_that_names_it) {
  const auto book = orders::LineBook::open("/nowhere/record");
  BOOST_REQUIRE(!book.has_value());
  BOOST_TEST(book.error().message == "open /nowhere/record: No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_and_the_lines_are_kept) {
  auto book = migrate::value_or_fatal(orders::LineBook::open("/dev/full"));
  book.append("one");
  BOOST_TEST(book.text() == "one\n");
  BOOST_REQUIRE(!book.health().has_value());
  BOOST_TEST(book.health().error().message == "write /dev/full: No space left on device");
}

BOOST_AUTO_TEST_SUITE_END()
