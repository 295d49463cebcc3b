#include "shared/counter/counter.h"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace migrate::counter {

BOOST_AUTO_TEST_SUITE(counter)

BOOST_AUTO_TEST_CASE(a_line_is_read_as_it_was_said) {
  const Line line{12, 0xf3, 0xffffffffffffffffULL};
  BOOST_TEST(to_string(line) == "count=12 nonce=00000000000000f3 sum=ffffffffffffffff");
  const auto read = line_from(to_string(line));
  BOOST_REQUIRE(read);
  BOOST_TEST((*read == line));
  for (const char* text :
       {"", "count=12", "count=12 nonce=f3", "count=12 nonce=f3 sum=", "count=12 nonce=f3 sum=1 more",
        "count=12 nonce=f3 sum=1g", "count=-1 nonce=f3 sum=1", "nonce=f3 count=12 sum=1", "migrate-counter: error: x"})
    BOOST_TEST(!line_from(text), text);
}

BOOST_AUTO_TEST_CASE(it_counts_and_its_memory_stays_as_it_was_filled) {
  Counter one{7, 64_KiB};
  const Line first = one.next();
  const Line second = one.next();
  BOOST_TEST(first.count == 1U);
  BOOST_TEST(first.nonce == 7U);
  BOOST_TEST(second.count == 2U);
  BOOST_TEST(second.sum == first.sum);
  BOOST_TEST(Counter(8, 64_KiB).next().sum != first.sum);
}

BOOST_AUTO_TEST_CASE(every_word_of_its_memory_is_in_the_sum) {
  for (const std::size_t index : {0, 1, 4096, 8191}) {
    Counter one{7, 64_KiB};
    const Line before = one.next();
    BOOST_REQUIRE(one.words().size() == 8192U);
    one.words()[index] ^= 1;
    BOOST_TEST(one.next().sum != before.sum, index);
  }
  Counter swapped{7, 64_KiB};
  const Line before = swapped.next();
  std::swap(swapped.words()[0], swapped.words()[1]);
  BOOST_TEST(swapped.next().sum != before.sum);
}

BOOST_AUTO_TEST_CASE(what_goes_on_and_what_does_not) {
  struct Row {
    Line after;
    const char* says;  // empty: it goes on
  };
  const Line before{40, 7, 9};
  const std::vector<Row> rows{
      {{41, 7, 9}, ""},
      {{45, 7, 9}, ""},
      {{1, 8, 9},
       "it began anew instead: its nonce was 0000000000000007 and is 0000000000000008, its count was 40 and "},
      {{41, 7, 10}, "the checksum was 0000000000000009 and is 000000000000000a"},
      {{40, 7, 9}, "its count was 40 and is 40"},
      {{12, 7, 9}, "its count was 40 and is 12"},
  };
  for (const Row& row : rows) {
    const std::string trouble = trouble_between(before, row.after);
    BOOST_TEST(trouble.empty() == (*row.says == '\0'), trouble);
    BOOST_TEST(trouble.find(row.says) != std::string::npos, trouble);
  }
}

BOOST_AUTO_TEST_CASE(it_speaks_until_it_is_enough) {
  Counter one{7, 64_KiB};
  std::vector<std::string> said;
  run(
      one, [&](const std::string& line) { said.push_back(line); }, [&] { return said.size() < 3; });
  BOOST_REQUIRE(said.size() == 3U);
  for (std::size_t i = 0; i < said.size(); ++i) {
    const auto line = line_from(said[i]);
    BOOST_REQUIRE(line);
    BOOST_TEST(line->count == i + 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::counter
