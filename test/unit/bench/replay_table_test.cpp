#include "test/bench/replay_table.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace bench;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

// Replays for 2 s of the 3 it takes in all.
Json migration() {
  return Json::parse(R"({"status": {
    "gapMs": 250, "startedAt": "2026-01-01T00:00:00.000000Z", "finishedAt": "2026-01-01T00:00:03.000000Z",
    "steps": [
      {"name": "Mirroring", "startedAt": "2026-01-01T00:00:00.000000Z", "finishedAt": "2026-01-01T00:00:01.000000Z"},
      {"name": "Replaying", "startedAt": "2026-01-01T00:00:01.000000Z", "finishedAt": "2026-01-01T00:00:03.000000Z"}],
    "messages": {"backlogIntervalMs": 184, "mirroredEstimate": 44, "replayedEstimate": 43}}})");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_tables)

BOOST_AUTO_TEST_CASE(a_move_tells_how_often_its_mirror_was_read_and_about_how_much_came) {
  const Sample sample = sample_of(migration());
  BOOST_TEST(sample.at("reading interval") == 184);
  BOOST_TEST(sample.at("about mirrored") == 44);
  BOOST_TEST(sample.at("about replayed") == 43);
  BOOST_TEST(sample.at("replay") == 2000);
  BOOST_TEST(sample.at("fixed phases") == 1000);
  const std::string table = table_of({sample});
  for (const char* line : {"  reading interval      184      184      184\n", "  about mirrored         44"})
    BOOST_TEST(table.find(line) != std::string::npos, table);
}

BOOST_AUTO_TEST_CASE(a_row_has_both_gaps_the_bound_and_the_longest_time_unread) {
  Sample slower = sample_of(migration());
  slower["gap"] = 12'340;
  slower["reading interval"] = 201;
  const std::string table =
      replay_table({{"`live`, 19 a second", {410.5, 300}, {sample_of(migration()), slower}, 30s, true}});
  BOOST_TEST(
      table ==
      "| Load | Audit's message gap | Gap | Replay | In all | T_replay_max and fixed phases | Mirror unread for "
      "at most | Audit |\n"
      "|---|---|---|---|---|---|---|---|\n"
      "| `live`, 19 a second | 0.30–0.41 s | 0.25–12.3 s | 2.00 s | 3.00 s | 31.0 s: within | 201 ms | clean |\n");
}

BOOST_AUTO_TEST_CASE(a_total_beyond_its_bound_is_told) {
  const std::string table = replay_table({{"`live`, 25 a second", {}, {sample_of(migration())}, 1500ms, false}});
  BOOST_TEST(
      table.find("| – | 0.25 s | 2.00 s | 3.00 s | 2.50 s: BEYOND | 184 ms | NOT CLEAN |\n") != std::string::npos,
      table);
}

BOOST_AUTO_TEST_CASE(message_gaps_are_read_from_reports) {
  const std::vector<double> found = message_gaps_in(
      "sent 9\nmessage gap             700.500 ms, ended by a-2\nlost 0\nmessage gap  3.000 ms, ended\n");
  BOOST_TEST((found == std::vector<double>{700.5, 3}));
  BOOST_TEST(message_gaps_in("sent 9\n").empty());
  BOOST_TEST(message_gaps_in("message gap").empty());
}

BOOST_AUTO_TEST_SUITE_END()
