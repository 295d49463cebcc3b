#include "test/workloads/producer/line_book.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("line_book_test." + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

std::string content(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(line_book)

BOOST_AUTO_TEST_CASE(a_line_is_in_the_file_as_soon_as_it_is_appended) {
  const Folder folder;
  auto book = migrate::value_or_fatal(orders::LineBook::open(folder.path / "record"));
  book.append("one");
  BOOST_TEST(content(folder.path / "record") == "one\n");
  book.append("two");
  BOOST_TEST(content(folder.path / "record") == "one\ntwo\n");
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
