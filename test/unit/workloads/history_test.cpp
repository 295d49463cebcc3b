#include "test/workloads/audit/history.h"

#include <boost/test/unit_test.hpp>

#include "test/fakes/folder.h"
#include "test/workloads/consumer/report.h"

namespace {

using namespace orders;

const Order kOrder{"a-1", "a", 1, 5};
const std::string kSentLine = to_line(Sent{kOrder, 1, 2, 3, Delivery::confirmed}) + "\n";
const std::string kHandledLine = to_line(Handled{kOrder, 4, "orders-0", "orders", "applied", "0", "1"}) + "\n";
const std::string kResultLine = to_line(Collected{{"a-1", {1, 5}, "orders-0", 5}, 6}) + "\n";

std::string some_state(std::optional<bool> intact) {
  ConsumerStatus status;
  status.state.apply(kOrder);
  return state_json(status, "orders-0", 17, {4096}, intact);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(history)

BOOST_AUTO_TEST_CASE(reads_the_state_as_the_consumer_writes_it) {
  const auto state = parse_state(some_state(true));
  BOOST_REQUIRE(state.has_value());
  BOOST_TEST(state->pod == "orders-0");
  BOOST_TEST(state->at == 17);
  BOOST_TEST(state->state.count == 1);
  BOOST_TEST(state->state.sum == 5);
  BOOST_TEST(state->state.last_sequence.at("a") == 1);
  BOOST_TEST(state->memory_intact);
  BOOST_TEST(!parse_state(some_state(false))->memory_intact);
}

BOOST_AUTO_TEST_CASE(a_state_without_a_verdict_on_its_memory_is_refused) {
  const auto state = parse_state(some_state({}));
  BOOST_REQUIRE(!state.has_value());
  BOOST_TEST(contains(state.error().message, "/state"));
}

BOOST_AUTO_TEST_CASE(a_state_that_is_none_is_refused) {
  for (const char* text : {"", "{}", "404 page not found", "[1]"})
    BOOST_TEST(!parse_state(text).has_value());
}

BOOST_AUTO_TEST_CASE(passes_over_what_people_are_told_in_a_log) {
  const auto log = parse_log("orders-consumer: connect to the broker: refused\n" + kHandledLine + "\n" + kHandledLine);
  BOOST_REQUIRE(log.has_value());
  BOOST_TEST(log->size() == 2);
}

BOOST_AUTO_TEST_CASE(reads_a_log_as_the_runtime_keeps_it) {
  const auto log = parse_log("2026-01-02T03:04:05.678901234Z stdout F " + kHandledLine +
                             "2026-01-02T03:04:05.678901234Z stderr F orders-consumer: refused\n");
  BOOST_REQUIRE(log.has_value());
  BOOST_REQUIRE(log->size() == 1);
  BOOST_TEST(log->front().finished == 4);
}

BOOST_AUTO_TEST_CASE(a_last_line_without_its_end_counts) {
  const auto record = parse_record(kSentLine.substr(0, kSentLine.size() - 1));
  BOOST_REQUIRE(record.has_value());
  BOOST_TEST(record->size() == 1);
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_refused_with_its_number) {
  for (const auto& error : {parse_record(kSentLine + "rubbish\n").error(), parse_results(kResultLine + "{}\n").error(),
                            parse_log(kHandledLine + "{\"id\":\"cut o\n").error()})
    BOOST_TEST(contains(error.message, "line 2"), error.message);
}

BOOST_AUTO_TEST_CASE(a_record_with_an_id_twice_is_refused) {
  const auto record = parse_record(kSentLine + kSentLine);
  BOOST_REQUIRE(!record.has_value());
  BOOST_TEST(contains(record.error().message, "a-1 twice"));
}

BOOST_AUTO_TEST_CASE(reads_files_of_several_instances) {
  const migrate::fakes::Folder folder;
  const auto log = folder.write("log", kHandledLine);
  const auto history = read_history({.records = {folder.write("record", kSentLine)},
                                     .logs = {log, log},
                                     .results = {folder.write("results", kResultLine)},
                                     .state = folder.write("state", some_state(true))});
  BOOST_REQUIRE(history.has_value());
  BOOST_TEST(history->record.size() == 1);
  BOOST_TEST(history->log.size() == 2);
  BOOST_TEST(history->results.size() == 1);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_an_error_that_names_it) {
  const auto history = read_history({.records = {"/nowhere/record"}, .logs = {}, .results = {}, .state = {}});
  BOOST_REQUIRE(!history.has_value());
  BOOST_TEST(contains(history.error().message, "/nowhere/record"));
}

BOOST_AUTO_TEST_CASE(two_records_with_the_same_ids_are_refused) {
  const migrate::fakes::Folder folder;
  const auto record = folder.write("record", kSentLine);
  BOOST_TEST(!read_history({.records = {record, record}, .logs = {}, .results = {}, .state = {}}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
