#include "plugin/progress.h"

#include "plugin/terminal.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(a_live_area_is_redrawn_in_place_and_clears_what_was_longer) {
  std::ostringstream screen;
  LiveArea area{screen};
  area.draw({"one", "two"}, {});
  BOOST_TEST(screen.str() == "\rone\x1b[K\ntwo\x1b[K\n\x1b[J");
  screen.str("");
  area.draw({"three"}, {});
  BOOST_TEST(screen.str() == "\x1b[2A\rthree\x1b[K\n\x1b[J");
  screen.str("");
  area.print_above("note");
  BOOST_TEST(screen.str() == "\x1b[1A\r\x1b[Jnote\nthree\n");
  area.leave();
  screen.str("");
  area.draw({"below"}, {});
  BOOST_TEST(screen.str() == "\rbelow\x1b[K\n\x1b[J");
}

BOOST_AUTO_TEST_CASE(on_a_low_screen_the_end_is_seen) {
  std::ostringstream screen;
  LiveArea area{screen};
  area.draw({"one", "two", "three"}, {80, 3});
  BOOST_TEST(screen.str() == "\rtwo\x1b[K\nthree\x1b[K\n\x1b[J");
}

BOOST_AUTO_TEST_CASE(the_cursor_is_never_hidden_so_it_need_not_come_back) {
  Scene scene;
  scene.io.out.is_live = true;
  const auto shown = make_progress(scene.io, scene.io.out);
  shown->show(succeeded());
  shown->tick();
  shown->note("hello");
  shown->end();
  BOOST_TEST(scene.out.str().find("\x1b[?25l") == std::string::npos);
  check_says(scene.out.str(), "+ Placing");
  check_says(scene.out.str(), "hello\n");
}

BOOST_AUTO_TEST_CASE(without_a_terminal_each_change_is_a_line) {
  Scene scene;
  const auto shown = make_progress(scene.io, scene.io.out);
  shown->show(migration_in(Phase::pending));
  shown->show(migration_in(Phase::pending));
  shown->tick();
  shown->show(migration_in(Phase::preparing, {step(Phase::preparing, 5ms)}));
  shown->end();
  BOOST_TEST(scene.out.str() == "12:00:00.000 orders-x7k2p Pending\n12:00:00.005 orders-x7k2p Preparing\n");
}

BOOST_AUTO_TEST_CASE(colours_by_terminal_and_environment) {
  std::ostringstream stream;
  const auto sink = [&](bool terminal, const fakes::Environment& environment) {
    const Sink made = sink_for(stream, terminal, environment);
    return std::pair{made.is_live, made.is_colour};
  };
  BOOST_TEST((sink(true, {{"TERM", "xterm"}}) == std::pair{true, true}));
  BOOST_TEST((sink(true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}) == std::pair{true, false}));
  BOOST_TEST((sink(true, {{"TERM", "xterm"}, {"NO_COLOR", ""}}) == std::pair{true, true}));
  BOOST_TEST((sink(true, {{"TERM", "dumb"}}) == std::pair{false, false}));
  BOOST_TEST((sink(true, {}) == std::pair{false, false}));
  BOOST_TEST((sink(false, {{"TERM", "xterm"}}) == std::pair{false, false}));
}

BOOST_AUTO_TEST_CASE(marks_beyond_ascii_by_the_locale) {
  using Variables = fakes::Environment;
  BOOST_TEST(shows_unicode(Variables{{"LANG", "en_US.UTF-8"}}));
  BOOST_TEST(shows_unicode(Variables{{"LC_CTYPE", "C.utf8"}, {"LANG", "C"}}));
  BOOST_TEST(!shows_unicode(Variables{{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}}));
  BOOST_TEST(!shows_unicode(Variables{}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
