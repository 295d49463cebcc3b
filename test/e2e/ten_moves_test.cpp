// Ten moves in a row, back and forth under load, with as little and with much delivered ahead.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/scene.h"

using namespace harness;

namespace {

void move_ten_times(int prefetch) {
  Scene scene{fmt::format("ten-moves-{}", prefetch)};
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.prefetch = prefetch;
  spec.service_ms = 10;  // fast enough to catch up between two moves
  scene.start(spec);
  std::string name;
  for (int i = 1; i <= 10; ++i) {
    const auto move = scene.move({"--to", scene.other_node()});
    name = move.migration.at("metadata").at("name").get<std::string>();
    const auto& status = move.migration.at("status");
    BOOST_TEST_MESSAGE(fmt::format("prefetch {}, move {} to {}: gap {} ms, freeze {} ms, {} bytes", prefetch, i,
                                   scene.node(), status.at("gapMs").dump(),
                                   status.at("checkpoint").at("freezeMs").dump(),
                                   status.at("checkpoint").at("bytes").dump()));
    scene.wait_for_more(20);
  }
  scene.stage().check_nothing_left(name);
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ten_moves)

BOOST_AUTO_TEST_CASE(with_one_message_delivered_at_a_time) {
  move_ten_times(1);
}

BOOST_AUTO_TEST_CASE(with_fifty_messages_delivered_ahead) {
  move_ten_times(50);
}

BOOST_AUTO_TEST_SUITE_END()
