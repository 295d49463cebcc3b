// The evaluation's own way, end to end, on as few runs as show that it works: rows are whole, audits clean, and a
// report is made of them. Nothing here is about speed.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "test/bench/evaluation/evaluate.h"
#include "test/harness/cluster.h"
#include "test/temporary_folder.h"

using namespace evaluation;
using migrate::test::read_text;

namespace {

const Selection kQuick{.extent = Extent::quick, .only = {}};

using Named = std::map<std::string, std::string>;

std::vector<Named> rows_in(const std::filesystem::path& path) {
  const auto lines = migrate::value_or_fatal(parse_csv(read_text(path)));
  std::vector<Named> rows;
  for (std::size_t line = 1; line < lines.size(); ++line) {
    Named& row = rows.emplace_back();
    for (std::size_t column = 0; column < columns().size(); ++column)
      row[columns()[column]] = lines[line].at(column);
  }
  return rows;
}

// What every run must have told, whatever moved it.
const std::vector<std::string> kAlways{
    "began",       "run_us",      "total_us",   "phases_us",    "archive_bytes",  "message_gap_us", "sent",
    "lost",        "repeated",    "reordered",  "digest_equal", "machine",        "versions",       "http_gap_us",
    "http_probes", "repeats_met", "started_at", "finished_at",  "message_gap_in", "waiting_before", "cpu_busy"};
// No forecast of the gap: it hangs on rates that the broker may not have counted yet.
const std::vector<std::string> kOfTheProduct{"migration", "chosen", "freeze_us", "gap_us", "forecast_freeze_us"};

// Made once; the cases look at it.
struct Evaluated {
  migrate::test::TemporaryFolder folder;
  std::string told;
  Tally tally;
  Evaluated() {
    tally = evaluate({kQuick, ResultsFile::Mode::create, folder.path(), std::nullopt, std::nullopt},
                     [&](const std::string& line) { told += line + "\n"; });
  }
};

const Evaluated& evaluated() {
  static const Evaluated made;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evaluate_quick)

BOOST_AUTO_TEST_CASE(every_run_is_clean_and_its_row_whole) {
  const auto planned = migrate::value_or_fatal(plan(kQuick));
  BOOST_TEST(evaluated().tally.made == planned.size());
  BOOST_TEST(evaluated().tally.left == 0U);
  const auto rows = rows_in(evaluated().folder / "runs.csv");
  BOOST_REQUIRE(rows.size() == planned.size());
  for (const Named& row : rows) {
    const std::string name = fmt::format("{} at {}/s", row.at("strategy"), row.at("per_second"));
    BOOST_TEST(row.at("outcome") == "clean", name << ": " << row.at("reason") << "\n" << evaluated().told);
    BOOST_TEST(row.at("lost") == "0", name);
    BOOST_TEST(row.at("repeated") == "0", name);
    BOOST_TEST(row.at("reordered") == "0", name);
    BOOST_TEST(row.at("digest_equal") == "yes", name);
    for (const std::string& column : kAlways)
      BOOST_TEST(!row.at(column).empty(), name << " has no " << column);
    if (strategy_named(row.at("strategy")).mover == Mover::script) continue;
    for (const std::string& column : kOfTheProduct)
      BOOST_TEST(!row.at(column).empty(), name << " has no " << column);
  }
}

BOOST_AUTO_TEST_CASE(resumed_there_is_nothing_left_to_be_made) {
  const std::string before = read_text(evaluated().folder / "runs.csv");
  const Tally tally =
      evaluate({kQuick, ResultsFile::Mode::resume, evaluated().folder.path(), std::nullopt, std::nullopt},
               [](const std::string&) {});
  BOOST_TEST(tally.made == 0U);
  BOOST_TEST(read_text(evaluated().folder / "runs.csv") == before);
}

BOOST_AUTO_TEST_CASE(a_report_is_made_of_it) {
  const std::filesystem::path& folder = evaluated().folder.path();
  harness::must({(harness::source_folder() / "test/bench/report").string(), folder.string()});
  const std::string report = read_text(folder / "report.md");
  for (const char* part : {"## How much of it was run", "6 of 6", "live-cutoff", "naive-no-grace", "## Goals"})
    BOOST_TEST(report.find(part) != std::string::npos, "nothing of '" << part << "' in\n" << report);
  BOOST_TEST(read_text(folder / "paper-message-gap.svg").find("<svg") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
