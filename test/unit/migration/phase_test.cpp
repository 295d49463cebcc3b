#include "shared/migration/phase.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

using migrate::Phase;

BOOST_AUTO_TEST_SUITE(phases)

BOOST_AUTO_TEST_CASE(every_phase_has_a_word_of_its_own_that_reads_back) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(Phase::failed); ++i) {
    const auto phase = static_cast<Phase>(i);
    const std::string word{to_string(phase)};
    BOOST_TEST(!word.empty());
    BOOST_TEST(words.insert(word).second, word);
    BOOST_TEST((migrate::phase_from(word) == phase), word);
    BOOST_TEST((migrate::all_phases().at(static_cast<std::size_t>(i)) == phase), word);
  }
  BOOST_TEST(migrate::all_phases().size() == words.size());
  BOOST_TEST(to_string(Phase::rolling_back) == "RollingBack");
  BOOST_TEST(to_string(Phase::in_doubt) == "InDoubt");
  BOOST_TEST(!migrate::phase_from("pending"));
  BOOST_TEST(!migrate::phase_from(""));
}

BOOST_AUTO_TEST_CASE(five_phases_are_final) {
  std::set<std::string> final_ones;
  for (int i = 0; i <= static_cast<int>(Phase::failed); ++i)
    if (is_final(static_cast<Phase>(i))) final_ones.emplace(to_string(static_cast<Phase>(i)));
  BOOST_TEST((final_ones == std::set<std::string>{"Succeeded", "RolledBack", "Refused", "Planned", "Failed"}));
}

BOOST_AUTO_TEST_CASE(after_the_commit_is_everything_that_can_only_go_forward) {
  std::set<std::string> after;
  for (int i = 0; i <= static_cast<int>(Phase::failed); ++i)
    if (is_after_commit(static_cast<Phase>(i))) after.emplace(to_string(static_cast<Phase>(i)));
  BOOST_TEST((after == std::set<std::string>{"Renaming", "Attaching", "Restoring", "Repeating", "Switching",
                                             "Finishing", "Returning", "InDoubt", "Succeeded", "Failed"}));
}

BOOST_AUTO_TEST_SUITE_END()
