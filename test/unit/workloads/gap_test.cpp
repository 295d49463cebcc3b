#include "test/workloads/audit/gap.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

using orders::Wait;
namespace data = boost::unit_test::data;

struct Case {
  const char* name;
  std::vector<Wait> waits;
  std::int64_t observed_until;
  std::int64_t length;
  const char* ended_by;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

const std::vector<Case> kCases{
    {"nothing happened", {}, 5'000'000, 0, ""},
    {"one message, its service time", {{"a", 100'000, 150'000}}, 5'000'000, 50'000, "a"},
    {"an idle queue is no gap", {{"a", 0, 50'000}, {"b", 60'000'000, 60'050'000}}, 90'000'000, 50'000, "a"},
    {"a stall of 700 ms with a waiting message",
     {{"a", 0, 50'000}, {"b", 40'000, 100'000}, {"c", 90'000, 800'000}, {"d", 300'000, 850'000}},
     900'000,
     700'000,
     "c"},
    {"the stall begins when the message comes, not when the queue became idle",
     {{"a", 0, 50'000}, {"b", 600'000, 1'300'000}},
     2'000'000,
     700'000,
     "b"},
    {"a busy consumer with a long queue shows its service time, not the time in the queue",
     {{"a", 0, 50'000}, {"b", 0, 100'000}, {"c", 0, 150'000}, {"d", 0, 200'000}},
     200'000,
     50'000,
     "a"},
    {"never finished: until the end of the observation",
     {{"a", 0, 50'000}, {"b", 10'000, {}}},
     3'050'000,
     3'000'000,
     ""},
    {"later finishes interrupt the gap although one message never finishes",
     {{"a", 0, {}}, {"b", 0, 400'000}, {"c", 0, 800'000}},
     1'000'000,
     400'000,
     "b"},
    {"finished at the instant another one comes", {{"a", 0, 100'000}, {"b", 100'000, 250'000}}, 300'000, 150'000, "b"},
    {"finished before it was sent, by another machine's clock", {{"a", 100'000, 90'000}}, 200'000, 0, ""},
    {"finished out of order", {{"b", 10'000, 60'000}, {"a", 0, 500'000}}, 600'000, 440'000, "a"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(message_gap)

BOOST_DATA_TEST_CASE(is_measured_as_defined, data::make(kCases), c) {
  const orders::Gap gap = orders::longest_gap(c.waits, c.observed_until);
  BOOST_TEST(gap.length() == c.length);
  BOOST_TEST(gap.ended_by == c.ended_by);
}

BOOST_AUTO_TEST_CASE(says_when_it_was) {
  const orders::Gap gap = orders::longest_gap({{"a", 0, 50'000}, {"b", 40'000, 800'000}}, 900'000);
  BOOST_TEST(gap.from == 50'000);
  BOOST_TEST(gap.until == 800'000);
}

BOOST_AUTO_TEST_CASE(of_a_part_of_the_run_only_what_lies_within_counts) {
  const std::vector<Wait> waits{
      {"a", 0, 900'000}, {"b", 1'000'000, 1'050'000}, {"c", 1'900'000, 2'600'000}, {"d", 3'000'000, {}}};
  const auto gap = [&](std::int64_t from, std::int64_t until) {
    return orders::longest_gap(orders::waits_within(waits, {from, until}), until);
  };
  BOOST_TEST(gap(900'000, 1'900'000).length() == 50'000);
  BOOST_TEST(gap(900'000, 1'900'000).ended_by == "b");
  BOOST_TEST(gap(950'000, 2'000'000).length() == 100'000);  // c waits on
  BOOST_TEST(gap(500'000, 1'000'000).length() == 400'000);
  BOOST_TEST(gap(2'700'000, 3'000'000).length() == 0);
  BOOST_TEST(gap(2'700'000, 3'400'000).length() == 400'000);
  BOOST_TEST(orders::longest_gap(orders::waits_within(waits, {}), 4'000'000).length() == 1'000'000);
}

BOOST_AUTO_TEST_SUITE_END()
