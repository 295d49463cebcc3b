#include "test/bench/components/criu_stats.h"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace bench;

namespace {

// Two magic words, the size, an entry.
std::string image_of(const std::string& entry) {
  std::string image{"\x40\x59\x10\x55\x06\x33\x09\x57", 8};
  image += static_cast<char>(entry.size());
  return image + std::string(3, '\0') + entry;
}

// freezing 1 ms, frozen 300 ms, memory 200 ms and 150 ms, pages scanned 9, skipped 0, written 5120, lazy 0.
const std::string kDump{
    "\x08\xe8\x07\x10\xe0\xa7\x12\x18\xc0\x9a\x0c\x20\xf0\x93\x09\x28\x09\x30\x00\x38\x80\x28\x48\x00", 24};
// compared 0, skipped 0, forking 700, restoring 250,000.
const std::string kRestore{"\x08\x00\x10\x00\x18\xbc\x05\x20\x90\xa1\x0f", 11};

std::string nested(char field, const std::string& message) {
  return std::string{static_cast<char>((field << 3) | 2), static_cast<char>(message.size())} + message;
}

std::string trouble(const std::string& image) {
  const auto parsed = parse_stats_dump(image);
  return parsed ? "" : parsed.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(criu_stats)

BOOST_AUTO_TEST_CASE(a_dump_tells_how_long_tasks_stood_still) {
  const auto dump = migrate::value_or_fatal(parse_stats_dump(image_of(nested(1, kDump))));
  BOOST_TEST(dump.freezing.count() == 1'000);
  BOOST_TEST(dump.frozen.count() == 300'000);
  BOOST_TEST(dump.memory_dumping.count() == 200'000);
  BOOST_TEST(dump.memory_writing.count() == 150'000);
  BOOST_TEST(dump.pages_written == 5'120U);
}

BOOST_AUTO_TEST_CASE(a_restore_tells_how_long_it_took) {
  const auto restore = migrate::value_or_fatal(parse_stats_restore(image_of(nested(2, kRestore))));
  BOOST_TEST(restore.forking.count() == 700);
  BOOST_TEST(restore.restoring.count() == 250'000);
}

BOOST_AUTO_TEST_CASE(what_is_no_such_image_is_said) {
  BOOST_TEST(trouble("") == "CRIU's statistics: only 0 bytes");
  BOOST_TEST(trouble(std::string(40, 'x')) == "CRIU's statistics: it does not begin as such an image does");
  const std::string whole = image_of(nested(1, kDump));
  BOOST_TEST(trouble(whole.substr(0, whole.size() - 1)) == "CRIU's statistics: 25 bytes of 26");
  BOOST_TEST(trouble(image_of(nested(2, kRestore))) == "CRIU's statistics: they are of something else");
  BOOST_TEST(trouble(image_of("\x0a\x7f")).find("of a kind or length that is not expected") != std::string::npos);
  BOOST_TEST(trouble(image_of("\x0a\x80")).find("a number that does not end") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
