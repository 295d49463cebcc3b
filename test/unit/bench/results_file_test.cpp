#include "test/bench/evaluation/results_file.h"

#include <boost/test/unit_test.hpp>

#include "test/temporary_folder.h"

using namespace evaluation;
using migrate::test::read_text;
using migrate::test::TemporaryFolder;
using migrate::test::write_text;
using Mode = ResultsFile::Mode;

namespace {

const Run kOne{{"paper", "stop", 16, 50, 20, 1}, 1};
const Run kFour{{"at-once", "stop", 5, 10, 20, 4}, 2};

std::vector<Row> rows_of(const Run& run) {
  std::vector<Row> rows;
  for (int member = 0; member < run.cell.at_once; ++member)
    rows.emplace_back(run, member);
  return rows;
}

struct Scene {
  TemporaryFolder folder;
  std::filesystem::path path = folder / "runs.csv";

  [[nodiscard]] ResultsFile open(Mode mode) const { return migrate::value_or_fatal(ResultsFile::open(path, mode)); }
  [[nodiscard]] std::string refusal(Mode mode) const {
    const auto opened = ResultsFile::open(path, mode);
    return opened ? "" : opened.error().message;
  }
  void add(const Run& run, std::vector<Row> rows) const {
    auto file = open(Mode::resume);
    migrate::value_or_fatal(file.append(run, rows));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(results_file)

BOOST_AUTO_TEST_CASE(a_new_one_has_its_columns_and_nothing_done) {
  const Scene scene;
  BOOST_TEST(scene.open(Mode::create).done().empty());
  BOOST_TEST(read_text(scene.path) == csv_line(columns()));
}

BOOST_AUTO_TEST_CASE(one_that_is_there_is_not_begun_anew) {
  const Scene scene;
  (void)scene.open(Mode::create);
  const std::string said = scene.refusal(Mode::create);
  BOOST_TEST(said.find("is there already: --resume") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(resumed_it_knows_whose_rows_it_has_the_failed_ones_among_them) {
  const Scene scene;
  std::vector<Row> failed = rows_of(kOne);
  failed.front().judge(Outcome::failed, "no node, \"at all\"\nand more");
  scene.add(kOne, failed);
  scene.add(kFour, rows_of(kFour));
  const std::string before = read_text(scene.path);
  BOOST_TEST((scene.open(Mode::resume).done() == std::set<Run>{kOne, kFour}));
  BOOST_TEST(read_text(scene.path) == before);
  const auto lines = migrate::value_or_fatal(parse_csv(before));
  BOOST_TEST(lines.size() == 1 + 1 + 4U);
}

BOOST_AUTO_TEST_CASE(what_was_appended_is_done_without_a_look_at_the_file) {
  const Scene scene;
  auto file = scene.open(Mode::create);
  migrate::value_or_fatal(file.append(kOne, rows_of(kOne)));
  BOOST_TEST(file.done().contains(kOne));
}

BOOST_AUTO_TEST_CASE(a_run_that_was_cut_off_is_taken_back) {
  const Scene scene;
  scene.add(kOne, rows_of(kOne));
  const std::string whole = read_text(scene.path);
  scene.add(kFour, rows_of(kFour));
  const std::string both = read_text(scene.path);
  // Wherever in its four lines the power went.
  for (const std::size_t kept : {whole.size() + 1, whole.size() + 40, both.size() - 1}) {
    write_text(scene.path, both.substr(0, kept));
    BOOST_TEST((scene.open(Mode::resume).done() == std::set<Run>{kOne}));
    BOOST_TEST(read_text(scene.path) == whole);
  }
  // Between two of them.
  const std::size_t first_member = both.find('\n', whole.size()) + 1;
  write_text(scene.path, both.substr(0, first_member));
  BOOST_TEST((scene.open(Mode::resume).done() == std::set<Run>{kOne}));
  BOOST_TEST(read_text(scene.path) == whole);
}

BOOST_AUTO_TEST_CASE(cut_off_within_its_header_it_begins_anew) {
  const Scene scene;
  for (const std::string& text : {std::string{}, csv_line(columns()).substr(0, 10)}) {
    write_text(scene.path, text);
    BOOST_TEST(scene.open(Mode::resume).done().empty());
    BOOST_TEST(read_text(scene.path) == csv_line(columns()));
  }
}

BOOST_AUTO_TEST_CASE(another_versions_columns_are_refused_and_left_alone) {
  const Scene scene;
  write_text(scene.path, "grid,strategy\npaper,stop\n");
  BOOST_TEST(scene.refusal(Mode::resume).find("has other columns") != std::string::npos, scene.refusal(Mode::resume));
  BOOST_TEST(read_text(scene.path) == "grid,strategy\npaper,stop\n");
}

BOOST_AUTO_TEST_CASE(a_line_that_nobody_wrote_like_that_is_an_error_with_its_number) {
  const Scene scene;
  scene.add(kOne, rows_of(kOne));
  std::string text = read_text(scene.path);
  text += "paper,stop,many,50,20,1,1,0\n";
  write_text(scene.path, text);
  const std::string said = scene.refusal(Mode::resume);
  BOOST_TEST(said.find("line 3: column per_second: 'many' is no number") != std::string::npos, said);
  BOOST_TEST(read_text(scene.path) == text);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rows)

BOOST_AUTO_TEST_CASE(a_row_says_which_run_it_is_of) {
  const Row row{kFour, 3};
  BOOST_TEST(row.at("member") == "3");
  BOOST_TEST((migrate::value_or_fatal(run_in(columns(), row.fields())) == kFour));
}

BOOST_AUTO_TEST_CASE(the_worst_outcome_holds_and_reasons_stand_side_by_side) {
  Row row{kOne, 0};
  BOOST_TEST(row.at("outcome") == "clean");
  row.judge(Outcome::failed, "first\nline");
  row.judge(Outcome::unclean, "second");
  row.judge(Outcome::clean, "");
  BOOST_TEST(row.at("outcome") == "failed");
  BOOST_TEST(row.at("reason") == "first line; second");
}

BOOST_AUTO_TEST_CASE(values_are_written_as_they_are_and_what_is_not_known_stays_empty) {
  Row row{kOne, 0};
  row.set("total_us", std::chrono::milliseconds{12});
  row.set("gap_us", std::optional<std::chrono::milliseconds>{});
  row.set("arrival_rate", std::optional<double>{19.5});
  row.set("sent", std::uint64_t{7});
  BOOST_TEST(row.at("total_us") == "12000");
  BOOST_TEST(row.at("gap_us").empty());
  BOOST_TEST(row.at("arrival_rate") == "19.500");
  BOOST_TEST(row.at("sent") == "7");
  BOOST_CHECK_THROW(row.set("colour", std::string{"red"}), migrate::Fatal);
}

BOOST_AUTO_TEST_CASE(a_run_that_ended_the_program_is_known_until_it_has_its_rows) {
  const Scene scene;
  migrate::value_or_fatal(scene.open(Mode::create).begin(kFour));
  {
    const auto resumed = scene.open(Mode::resume);
    BOOST_REQUIRE(resumed.interrupted().has_value());
    BOOST_TEST((*resumed.interrupted() == kFour));
    BOOST_TEST(!resumed.done().contains(kFour));
  }
  scene.add(kFour, rows_of(kFour));
  BOOST_TEST(!scene.open(Mode::resume).interrupted().has_value());
}

BOOST_AUTO_TEST_CASE(rows_that_were_written_before_the_program_ended_leave_nothing_interrupted) {
  const Scene scene;
  auto file = scene.open(Mode::create);
  migrate::value_or_fatal(file.begin(kOne));
  const std::string note = read_text(scene.folder / "under-way.csv");
  migrate::value_or_fatal(file.append(kOne, rows_of(kOne)));
  write_text(scene.folder / "under-way.csv", note);
  { const auto closed = std::move(file); }
  BOOST_TEST(!scene.open(Mode::resume).interrupted().has_value());
}

BOOST_AUTO_TEST_CASE(two_evaluations_do_not_write_one_table) {
  const Scene scene;
  const auto first = scene.open(Mode::create);
  const std::string said = scene.refusal(Mode::resume);
  BOOST_TEST(said.find("is being written by another evaluation") != std::string::npos, said);
}

BOOST_AUTO_TEST_SUITE_END()
