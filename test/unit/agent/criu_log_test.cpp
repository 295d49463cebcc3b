#include "node/agent/criu_log.h"

#include <boost/test/unit_test.hpp>
#include <numeric>

namespace migrate::agent {
namespace {

std::string lines(std::size_t count, std::size_t width) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += std::string(width - 1, static_cast<char>('a' + i % 26)) + "\n";
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::string{});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(criu_log_parts_of_a_text)

BOOST_AUTO_TEST_CASE(a_short_log_is_one_part) {
  BOOST_TEST((criu_log_parts("one\ntwo") == std::vector<std::string>{"one\ntwo"}));
  BOOST_TEST(criu_log_parts("").empty());
}

BOOST_AUTO_TEST_CASE(parts_end_with_a_line_and_lose_nothing) {
  const std::string text = lines(200, 100);
  const auto parts = criu_log_parts(text);
  BOOST_TEST(parts.size() == 3U);
  BOOST_TEST(joined(parts) == text);
  for (const std::string& part : parts) {
    BOOST_TEST(part.size() <= 8192U);
    BOOST_TEST(part.ends_with('\n'));
  }
}

BOOST_AUTO_TEST_CASE(of_a_long_log_the_end_is_told_in_whole_lines) {
  const std::string text = lines(1000, 100);
  const std::string told = joined(criu_log_parts(text));
  BOOST_TEST(told.size() <= 49152U);
  BOOST_TEST(told.size() > 49000U);
  BOOST_TEST(text.ends_with("\n" + told));
}

BOOST_AUTO_TEST_CASE(a_line_without_an_end_is_cut_somewhere) {
  const auto parts = criu_log_parts(std::string(20000, 'x'));
  BOOST_TEST(parts.size() == 3U);
  BOOST_TEST(joined(parts) == std::string(20000, 'x'));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::agent
