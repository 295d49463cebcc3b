#include "plugin/check_list.h"

#include "plugin/format.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

void add_some(CheckList& checks) {
  checks.group("one");
  checks.ok("a thing is there");
  checks.note("another one", "is not quite so");
  checks.group("two");
  checks.failed("a third", "it is broken\nmend it", "docs/x.md#third");
  checks.skipped("a fourth", "you have no right to look");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_lists)

BOOST_AUTO_TEST_CASE(each_line_has_its_mark_its_reason_and_its_hint) {
  Scene scene;
  CheckList checks{scene.io};
  add_some(checks);
  BOOST_TEST(!checks.conclude());
  BOOST_TEST(scene.out.str() == R"(one
---
ok   a thing is there
note another one
    is not quite so

two
---
FAIL a third
    it is broken
    mend it
    see docs/x.md#third for hints
skip a fourth
    you have no right to look

Status check results are FAIL
)");
}

BOOST_AUTO_TEST_CASE(notes_and_skips_fail_nothing) {
  Scene scene;
  scene.io.is_unicode = true;
  CheckList checks{scene.io};
  checks.group("one");
  checks.note("a note", "so so", "docs/x.md#note");
  checks.skipped("a skip", "no right");
  BOOST_TEST(checks.conclude());
  BOOST_TEST(scene.out.str() ==
             "one\n---\n‼ a note\n    so so\n    see docs/x.md#note for hints\n- a skip\n    no right\n\n"
             "Status check results are √\n");
}

BOOST_AUTO_TEST_CASE(what_is_to_be_copied_is_not_broken_on_a_narrow_screen) {
  Scene scene;
  scene.io.out.is_live = true;
  scene.io.screen = [] { return ScreenSize{30, 24}; };
  CheckList checks{scene.io};
  checks.group("one");
  checks.failed("a thing",
                "it lacks some lines, add these\n    [a.table]\n      key = 'a value that is long'\nthen go on",
                "docs/x.md#one");
  check_says(scene.out.str(), "    it lacks some lines, add\n    these\n");
  check_says(scene.out.str(), "        [a.table]\n          key = 'a value that is long'\n    then go on\n");
}

BOOST_AUTO_TEST_CASE(a_document_is_linkerds_and_alone) {
  Scene scene;
  CheckList checks{scene.io, Output::json};
  add_some(checks);
  BOOST_TEST(scene.out.str().empty(), scene.out.str());
  BOOST_TEST(!checks.conclude());
  const Json expected = Json::parse(R"({
    "success": false,
    "categories": [
      {"categoryName": "one", "checks": [
        {"description": "a thing is there", "result": "success"},
        {"description": "another one", "result": "warning", "error": "is not quite so"}]},
      {"categoryName": "two", "checks": [
        {"description": "a third", "result": "error", "error": "it is broken\nmend it", "hint": "docs/x.md#third"},
        {"description": "a fourth", "result": "skipped", "error": "you have no right to look"}]}]})");
  BOOST_TEST(Json::parse(scene.out.str(), nullptr, false) == expected);
}

BOOST_AUTO_TEST_CASE(on_a_terminal_reasons_are_wrapped_and_elsewhere_not) {
  const std::string why = "a long reason that goes on and on, as reasons do that say what to do about it, and where";
  for (const bool is_live : {true, false}) {
    Scene scene;
    scene.io.screen = [] { return ScreenSize{40, 24}; };
    Io io{.out = {scene.out, is_live},
          .err = {scene.err},
          .clock = scene.clock,
          .pacer = scene.pacer,
          .screen = scene.io.screen,
          .interrupted = scene.io.interrupted};
    CheckList checks{io};
    checks.note("it", why);
    std::istringstream lines{scene.out.str()};
    std::string line;
    std::size_t count = 0;
    while (std::getline(lines, line)) {
      ++count;
      if (is_live) BOOST_TEST(characters(line) <= 40U, line);
    }
    BOOST_TEST(count == (is_live ? 4U : 2U));
  }
}

BOOST_AUTO_TEST_CASE(text_is_broken_at_spaces) {
  const std::vector<std::string> wanted = {"one two", "three", "averylongword", "four"};
  BOOST_TEST(wrapped("one two  three averylongword four", 8) == wanted, boost::test_tools::per_element());
  BOOST_TEST(wrapped("", 8).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
