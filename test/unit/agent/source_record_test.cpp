#include "node/agent/source_record.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

using namespace migrate::agent;
using namespace std::chrono_literals;
using migrate::Instant;
using State = SourceState;
using Ask = SourceOrder;
using Act = SourceAct;

const Instant kDeadline{1h};

struct Row {
  State state;
  Ask order;
  Act in_time;
  Act too_late;  // at the deadline or after it
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << "state " << static_cast<int>(row.state) << " order " << static_cast<int>(row.order);
  }
};

const std::vector<Row> kRows{
    {State::none, Ask::freeze, Act::go_on, Act::go_on},
    {State::none, Ask::checkpoint, Act::precondition, Act::precondition},
    {State::none, Ask::read, Act::precondition, Act::precondition},
    {State::none, Ask::commit, Act::precondition, Act::precondition},
    {State::none, Ask::thaw, Act::answer, Act::answer},
    {State::none, Ask::thaw_never_ran, Act::answer, Act::answer},
    {State::none, Ask::clean_up, Act::go_on, Act::go_on},
    {State::frozen, Ask::freeze, Act::answer, Act::thaw},
    {State::frozen, Ask::checkpoint, Act::go_on, Act::thaw},
    {State::frozen, Ask::read, Act::go_on, Act::go_on},
    {State::frozen, Ask::commit, Act::go_on, Act::thaw},
    {State::frozen, Ask::thaw, Act::go_on, Act::go_on},
    {State::frozen, Ask::thaw_never_ran, Act::go_on, Act::go_on},
    {State::frozen, Ask::clean_up, Act::refuse, Act::refuse},
    {State::committed, Ask::freeze, Act::answer, Act::answer},
    {State::committed, Ask::checkpoint, Act::precondition, Act::precondition},
    {State::committed, Ask::read, Act::go_on, Act::go_on},
    {State::committed, Ask::commit, Act::answer, Act::answer},
    {State::committed, Ask::thaw, Act::refuse, Act::refuse},
    {State::committed, Ask::thaw_never_ran, Act::go_on, Act::go_on},
    {State::committed, Ask::clean_up, Act::go_on, Act::go_on},
    {State::thawed, Ask::freeze, Act::answer, Act::answer},
    {State::thawed, Ask::checkpoint, Act::precondition, Act::precondition},
    {State::thawed, Ask::read, Act::precondition, Act::precondition},
    {State::thawed, Ask::commit, Act::answer, Act::answer},
    {State::thawed, Ask::thaw, Act::answer, Act::answer},
    {State::thawed, Ask::thaw_never_ran, Act::answer, Act::answer},
    {State::thawed, Ask::clean_up, Act::go_on, Act::go_on},
};

BOOST_AUTO_TEST_SUITE(source_record)

BOOST_DATA_TEST_CASE(every_state_and_order, boost::unit_test::data::make(kRows), row) {
  StoredSource stored;
  stored.state = row.state;
  stored.deadline = kDeadline;
  stored.settled = true;
  BOOST_TEST((decide(row.order, stored, kDeadline - 1us) == row.in_time));
  BOOST_TEST((decide(row.order, stored, kDeadline) == row.too_late));
  BOOST_TEST(!explain(row.order, stored).empty());
}

BOOST_AUTO_TEST_CASE(a_freeze_that_was_cut_off_is_done_again) {
  StoredSource stored;
  stored.state = State::frozen;
  stored.deadline = kDeadline;
  BOOST_TEST((decide(Ask::freeze, stored, Instant{}) == Act::go_on));
}

BOOST_AUTO_TEST_CASE(a_record_survives_its_text) {
  StoredSource stored;
  stored.state = State::committed;
  stored.term = 7;
  stored.name = "shop/orders";
  stored.pod = {"shop", "orders", "pod-1"};
  stored.containers = {{"main", "c1"}, {"side", "c2"}};
  stored.target_node = "node-b";
  stored.deadline = kDeadline;
  stored.boot_id = "boot-1";
  stored.frozen_at = Instant{5us};
  stored.message = "why";
  stored.settled = true;
  stored.archives = {{"main", migrate::Bytes{12}, "sha256:ab"}};
  const auto read = parse_source(to_text(stored));
  BOOST_REQUIRE(read);
  BOOST_TEST(to_text(*read) == to_text(stored));
  BOOST_TEST((read->frozen_at == stored.frozen_at && !read->ended_at));
  BOOST_TEST((read->containers == stored.containers));
}

BOOST_AUTO_TEST_CASE(what_is_no_record_is_an_error) {
  for (const char* text : {"", "{", "[]", "{}", R"({"state":"melted"})", R"({"state":1})"})
    BOOST_TEST(!parse_source(text));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
