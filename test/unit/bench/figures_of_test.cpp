#include "test/bench/evaluation/figures_of.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace evaluation;
using namespace std::chrono_literals;
using migrate::Instant;
using migrate::Migration;
using migrate::Phase;
using Json = nlohmann::json;

namespace {

Row row() {
  return {Run{{"paper", "live-cutoff", 16, 50, 20, 1}, 1}, 0};
}

Instant at(std::chrono::microseconds since) {
  return Instant{since};
}

Migration succeeded() {
  Migration migration;
  migration.name = "orders-1";
  migration.status.phase = Phase::succeeded;
  migration.status.strategy = migrate::Strategy::live;
  migration.status.started = at(1s);
  migration.status.finished = at(3s + 250ms + 7us);
  migration.status.freeze = 120ms;
  migration.status.snapshot_freeze = 300ms;
  migration.status.gap = 250ms;
  migration.status.forecast_gap = 200ms;
  migration.status.steps = {{"Preparing", at(1s), at(1s + 5us), ""},
                            {"Freezing", at(2s), at(2s + 10us), ""},
                            {"Preparing", at(2s + 20us), at(2s + 30us), ""},
                            {"Finishing", at(3s), std::nullopt, ""}};
  migration.status.archives = {{"main", migrate::Bytes{1000}, ""}, {"side", migrate::Bytes{24}, ""}};
  migration.status.messages.emplace();
  migration.status.messages->arrival_rate = 15.9;
  migration.status.messages->cutoff_used = 4s;
  migration.status.messages->cut_because = "Converged";
  return migration;
}

// As orders-audit --json writes it.
Json audit(const Json& counts = Json::object()) {
  Json all = {
      {"clean", counts.empty()},  {"sent", {{"confirmed", 40}, {"unknown", 2}}},
      {"effective", 41},          {"gap", {{"microseconds", 312'500}, {"from", 2'000'005}, {"until", 2'312'505}}},
      {"counts", Json::object()}, {"faults", Json::array()}};
  for (const char* category : {"lost_in_state", "lost_result", "duplicated_in_state", "duplicate_results",
                               "wrong_result", "reordered", "foreign", "altered", "digest_mismatch", "memory", "gap"})
    all["counts"][category] = counts.value(category, 0);
  for (const auto& [category, count] : counts.items())
    all["faults"].push_back({{"category", category}, {"subject", "p-1-7"}, {"text", "is missing"}});
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(figures_of)

BOOST_AUTO_TEST_CASE(a_phase_that_is_gone_through_twice_has_the_sum_and_one_that_is_not_over_none) {
  BOOST_TEST(phases_of(succeeded().status.steps) == "Preparing=15 Freezing=10");
  BOOST_TEST(phases_of({}).empty());
}

BOOST_AUTO_TEST_CASE(a_migration_that_succeeded_gives_its_figures_in_microseconds) {
  Row of = row();
  add_migration(succeeded(), of);
  for (const auto& [column, value] : {std::pair{"migration", "orders-1"},
                                      {"chosen", "Live"},
                                      {"total_us", "2250007"},
                                      {"started_at", "1000000"},
                                      {"finished_at", "3250007"},
                                      {"freeze_us", "120000"},
                                      {"snapshot_us", "300000"},
                                      {"gap_us", "250000"},
                                      {"forecast_gap_us", "200000"},
                                      {"forecast_total_us", ""},
                                      {"archive_bytes", "1024"},
                                      {"arrival_rate", "15.900"},
                                      {"service_rate", ""},
                                      {"cutoff_used_us", "4000000"},
                                      {"cut_because", "Converged"},
                                      {"outcome", "clean"}})
    BOOST_TEST(of.at(column) == value, column);
}

BOOST_AUTO_TEST_CASE(one_that_did_not_is_a_failed_run_with_its_reason) {
  Migration migration = succeeded();
  migration.status.phase = Phase::rolled_back;
  migration.status.reason = "CheckpointFailed";
  migration.status.message = "criu dump: no space";
  migration.status.finished.reset();
  Row of = row();
  add_migration(migration, of);
  BOOST_TEST(of.at("outcome") == "failed");
  BOOST_TEST(of.at("reason") == "RolledBack: CheckpointFailed: criu dump: no space");
  BOOST_TEST(of.at("total_us").empty());
}

BOOST_AUTO_TEST_CASE(the_second_hops_gap_stands_beside_the_first_ones) {
  Row of = row();
  add_migration(succeeded(), of);
  Migration second = succeeded();
  second.status.gap = 860ms;
  add_second(second, of);
  BOOST_TEST(of.at("gap_us") == "250000");
  BOOST_TEST(of.at("second_gap_us") == "860000");
  BOOST_TEST(of.at("second_phases_us") == "Preparing=15 Freezing=10");
}

BOOST_AUTO_TEST_CASE(a_gap_is_placed_in_the_phases_in_which_it_began_and_ended) {
  const auto placed = [](std::chrono::microseconds from, std::chrono::microseconds until) {
    Row of = row();
    of.set("message_gap_from", from);
    of.set("message_gap_until", until);
    Course course{.first = {{"Preparing", at(1s), at(2s), ""}, {"Returning", at(2s), at(9s), ""}},
                  .second = {{"Freezing", at(3s), at(4s), ""}, {"Restoring", at(4s), at(5s), ""}}};
    return phases_of_gap(course, of);
  };
  BOOST_TEST(placed(500ms, 1500ms) == "before…Preparing");
  BOOST_TEST(placed(2500ms, 3s) == "Returning…Returning/Freezing");
  BOOST_TEST(placed(4500ms, 6s) == "Returning/Restoring…Returning");
  BOOST_TEST(placed(8s, 10s) == "Returning…after");
}

BOOST_AUTO_TEST_CASE(no_gap_or_no_phases_have_no_place) {
  BOOST_TEST(phases_of_gap({.first = {{"Preparing", at(1s), at(2s), ""}}}, row()).empty());
  Row of = row();
  add_audit(audit(), of);
  BOOST_TEST(phases_of_gap({.first = {}}, of).empty());
}

BOOST_AUTO_TEST_CASE(a_clean_audit_leaves_the_run_clean) {
  Row of = row();
  add_audit(audit(), of);
  for (const auto& [column, value] : {std::pair{"sent", "42"},
                                      {"effective", "41"},
                                      {"message_gap_us", "312500"},
                                      {"message_gap_from", "2000005"},
                                      {"message_gap_until", "2312505"},
                                      {"lost", "0"},
                                      {"repeated", "0"},
                                      {"reordered", "0"},
                                      {"other_faults", "0"},
                                      {"digest_equal", "yes"},
                                      {"outcome", "clean"}})
    BOOST_TEST(of.at(column) == value, column);
}

BOOST_AUTO_TEST_CASE(faults_are_counted_by_kind_and_the_first_one_is_named) {
  Row of = row();
  add_audit(audit({{"lost_in_state", 2}, {"lost_result", 1}, {"duplicate_results", 4}, {"reordered", 3}}), of);
  BOOST_TEST(of.at("lost") == "3");
  BOOST_TEST(of.at("repeated") == "4");
  BOOST_TEST(of.at("reordered") == "3");
  BOOST_TEST(of.at("digest_equal") == "yes");
  BOOST_TEST(of.at("outcome") == "unclean");
  BOOST_TEST(of.at("reason").find("the audit found 4 faults, the first: ") == 0U, of.at("reason"));
  Row other = row();
  add_audit(audit({{"digest_mismatch", 1}, {"foreign", 1}}), other);
  BOOST_TEST(other.at("digest_equal") == "no");
  BOOST_TEST(other.at("other_faults") == "1");
}

BOOST_AUTO_TEST_CASE(without_an_answer_there_are_no_times_of_http) {
  Row of = row();
  add_http({}, of);
  BOOST_TEST(of.at("http_probes") == "0");
  BOOST_TEST(of.at("http_gap_us").empty());
  add_http({.probes = 9, .failed = 2, .gap = 70ms, .failing = 20ms}, of);
  BOOST_TEST(of.at("http_gap_us") == "70000");
  BOOST_TEST(of.at("http_failing_us") == "20000");
  BOOST_TEST(of.at("http_failed") == "2");
}

BOOST_AUTO_TEST_SUITE_END()
