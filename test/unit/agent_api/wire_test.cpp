#include "shared/agent_api/wire.h"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace migrate;
using namespace migrate::agent;

BOOST_AUTO_TEST_SUITE(wires)

// Whole calls are compared in remote_agent_test; here is what no call of ours can produce.
BOOST_AUTO_TEST_CASE(every_kind_of_error_has_a_word_that_reads_back) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(AgentError::Kind::cancelled); ++i) {
    const auto kind = static_cast<AgentError::Kind>(i);
    BOOST_TEST(words.insert(wire::word_of(kind)).second);
    BOOST_TEST((wire::kind_of(wire::word_of(kind)) == kind));
  }
  BOOST_TEST(!wire::kind_of("mood"));
  BOOST_TEST(!wire::kind_of(""));
}

BOOST_AUTO_TEST_CASE(what_is_no_term_counts_as_none) {
  BOOST_TEST(wire::term_of("17") == 17);
  for (const char* text : {"", "0", "-3", "17 ", "x", "99999999999999999999"})
    BOOST_TEST(wire::term_of(text) == 0, text);
}

BOOST_AUTO_TEST_CASE(states_of_a_later_version_are_known_to_be_unknown) {
  v1::SourceRecord record;
  record.set_state(static_cast<v1::SourceRecord::State>(4));
  BOOST_TEST(wire::is_known(record));
  record.set_state(static_cast<v1::SourceRecord::State>(9));
  BOOST_TEST(!wire::is_known(record));
  v1::RestoredContainers containers;
  BOOST_TEST(wire::is_known(containers));
  containers.add_containers()->set_state(v1::RESTORE_USED);
  BOOST_TEST(wire::is_known(containers));
  containers.add_containers()->set_state(static_cast<v1::RestoreState>(77));
  BOOST_TEST(!wire::is_known(containers));
}

BOOST_AUTO_TEST_CASE(an_empty_message_reads_as_empty_values) {
  BOOST_TEST(wire::taken(v1::Order{}).term == 0);
  BOOST_TEST(wire::taken(v1::FreezeRequest{}).pod.uid.empty());
  BOOST_TEST(wire::taken(v1::FreezeRequest{}).limit.count() == 0);
  const SourceRecord record = wire::taken(v1::SourceRecord{});
  BOOST_TEST((record.state == SourceState::none));
  BOOST_TEST((!record.frozen_at && !record.clock && record.lost.empty()));
  BOOST_TEST(wire::taken(v1::PullRequest{}).archives.empty());
}

BOOST_AUTO_TEST_SUITE_END()
