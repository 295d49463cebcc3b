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
    {State::none, Ask::snapshot, Act::go_on, Act::go_on},
    {State::none, Ask::freeze, Act::go_on, Act::go_on},
    {State::none, Ask::checkpoint, Act::precondition, Act::precondition},
    {State::none, Ask::read, Act::precondition, Act::precondition},
    {State::none, Ask::commit, Act::precondition, Act::precondition},
    {State::none, Ask::thaw, Act::answer, Act::answer},
    {State::none, Ask::thaw_never_ran, Act::answer, Act::answer},
    {State::none, Ask::clean_up, Act::go_on, Act::go_on},
    {State::snapshotted, Ask::snapshot, Act::answer, Act::answer},
    {State::snapshotted, Ask::freeze, Act::go_on, Act::go_on},
    {State::snapshotted, Ask::checkpoint, Act::precondition, Act::precondition},
    {State::snapshotted, Ask::read, Act::go_on, Act::go_on},
    {State::snapshotted, Ask::commit, Act::precondition, Act::precondition},
    {State::snapshotted, Ask::thaw, Act::go_on, Act::go_on},
    {State::snapshotted, Ask::thaw_never_ran, Act::go_on, Act::go_on},
    {State::snapshotted, Ask::clean_up, Act::go_on, Act::go_on},
    {State::frozen, Ask::snapshot, Act::precondition, Act::thaw},
    {State::frozen, Ask::freeze, Act::answer, Act::thaw},
    {State::frozen, Ask::checkpoint, Act::go_on, Act::thaw},
    {State::frozen, Ask::read, Act::go_on, Act::go_on},
    {State::frozen, Ask::commit, Act::go_on, Act::thaw},
    {State::frozen, Ask::thaw, Act::go_on, Act::go_on},
    {State::frozen, Ask::thaw_never_ran, Act::go_on, Act::go_on},
    {State::frozen, Ask::clean_up, Act::refuse, Act::refuse},
    {State::committed, Ask::snapshot, Act::precondition, Act::precondition},
    {State::committed, Ask::freeze, Act::answer, Act::answer},
    {State::committed, Ask::checkpoint, Act::precondition, Act::precondition},
    {State::committed, Ask::read, Act::go_on, Act::go_on},
    {State::committed, Ask::commit, Act::answer, Act::answer},
    {State::committed, Ask::thaw, Act::refuse, Act::refuse},
    {State::committed, Ask::thaw_never_ran, Act::go_on, Act::go_on},
    {State::committed, Ask::clean_up, Act::go_on, Act::go_on},
    {State::thawed, Ask::snapshot, Act::precondition, Act::precondition},
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

BOOST_AUTO_TEST_CASE(frozen_for_a_snapshot_it_is_never_committed) {
  const std::vector<Row> rows{
      {State::frozen, Ask::snapshot, Act::precondition, Act::thaw},
      {State::frozen, Ask::freeze, Act::precondition, Act::thaw},
      {State::frozen, Ask::checkpoint, Act::precondition, Act::thaw},
      {State::frozen, Ask::read, Act::go_on, Act::go_on},
      {State::frozen, Ask::commit, Act::precondition, Act::thaw},
      {State::frozen, Ask::thaw, Act::go_on, Act::go_on},
      {State::frozen, Ask::thaw_never_ran, Act::go_on, Act::go_on},
      {State::frozen, Ask::clean_up, Act::refuse, Act::refuse},
  };
  StoredSource stored;
  stored.state = State::frozen;
  stored.for_snapshot = true;
  stored.settled = true;
  stored.deadline = kDeadline;
  stored.archives = {{"main", migrate::Bytes{12}, "sha256:ab"}};
  for (const Row& row : rows) {
    BOOST_TEST((decide(row.order, stored, kDeadline - 1us) == row.in_time), row);
    BOOST_TEST((decide(row.order, stored, kDeadline) == row.too_late), row);
  }
  // Its memory is written and it runs: the deadline has been kept.
  stored.runs_on = true;
  stored.snapshot = {Instant{}, 10ms};
  for (const Row& row : rows)
    BOOST_TEST((decide(row.order, stored, kDeadline) == row.in_time), row);
}

BOOST_AUTO_TEST_CASE(once_snapshotted_there_is_one_checkpoint_and_it_is_the_snapshot) {
  StoredSource stored;
  stored.settled = true;
  stored.deadline = kDeadline;
  stored.snapshot = {Instant{}, 10ms};
  for (const State state : {State::snapshotted, State::frozen, State::committed}) {
    stored.state = state;
    BOOST_TEST((decide(Ask::snapshot, stored, Instant{}) == Act::answer));
    BOOST_TEST((decide(Ask::checkpoint, stored, Instant{}) == Act::precondition));
  }
  stored.state = State::frozen;
  BOOST_TEST((decide(Ask::commit, stored, Instant{}) == Act::go_on));
  stored.state = State::thawed;
  BOOST_TEST((decide(Ask::snapshot, stored, Instant{}) == Act::precondition));
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
  stored.lost = {"side"};
  stored.settled = true;
  stored.archives = {{"main", migrate::Bytes{12}, "sha256:ab"}};
  for (const bool is_snapshotted : {false, true}) {
    stored.for_snapshot = is_snapshotted;
    if (is_snapshotted) stored.snapshot = {Instant{7us}, 250ms};
    const auto read = parse_source(to_text(stored));
    BOOST_REQUIRE(read);
    BOOST_TEST(to_text(*read) == to_text(stored));
    BOOST_TEST((read->for_snapshot == is_snapshotted && read->snapshot.has_value() == is_snapshotted));
  }
  BOOST_TEST((parse_source(to_text(stored))->snapshot->frozen == 250ms));
  const auto read = parse_source(to_text(stored));
  BOOST_TEST((read->frozen_at == stored.frozen_at && !read->ended_at));
  BOOST_TEST((read->containers == stored.containers));
  BOOST_TEST((read->lost == stored.lost && to_answer(*read).lost == stored.lost));
}

BOOST_AUTO_TEST_CASE(a_record_from_before_there_were_snapshots_is_read) {
  const auto read = parse_source(
      R"({"state":"frozen","term":1,"name":"shop/orders","pod":{"namespace":"shop","name":"orders","uid":"pod-1"},)"
      R"("containers":[],"targetNode":"node-b","deadline":"2026-01-01T00:00:00Z","bootId":"b","frozenAt":null,)"
      R"("endedAt":null,"message":"","settled":false,"archives":[]})");
  BOOST_REQUIRE(read);
  BOOST_TEST((!read->for_snapshot && !read->snapshot && read->lost.empty()));
}

BOOST_AUTO_TEST_CASE(what_is_no_record_is_an_error) {
  for (const char* text : {"", "{", "[]", "{}", R"({"state":"melted"})", R"({"state":1})"})
    BOOST_TEST(!parse_source(text));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
