#include "plugin/interrupt.h"

#include <boost/test/unit_test.hpp>
#include <csignal>

namespace migrate::plugin {
namespace {

BOOST_AUTO_TEST_SUITE(interrupts_)

BOOST_AUTO_TEST_CASE(what_came_is_not_forgotten_by_one_within) {
  const Interrupts outer;
  BOOST_TEST(!Interrupts::came());
  std::raise(SIGINT);
  {
    const Interrupts inner;
    BOOST_TEST(Interrupts::came());
  }
  BOOST_TEST(Interrupts::came());
}

BOOST_AUTO_TEST_CASE(one_within_leaves_the_other_at_work) {
  const Interrupts outer;
  { const Interrupts inner; }
  std::raise(SIGTERM);
  BOOST_TEST(Interrupts::came());
}

BOOST_AUTO_TEST_CASE(the_next_begins_anew) {
  {
    const Interrupts first;
    std::raise(SIGHUP);
  }
  const Interrupts next;
  BOOST_TEST(!Interrupts::came());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::plugin
