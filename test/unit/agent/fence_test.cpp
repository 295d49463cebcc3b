#include "node/agent/fence.h"

#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

BOOST_FIXTURE_TEST_SUITE(fence, Node)

BOOST_AUTO_TEST_CASE(an_older_term_is_stale_and_stays_so_after_a_restart) {
  {
    Fence fence{places.terms()};
    good(fence.admit(order(3)));
    good(fence.admit(order(3)));
    fails(fence.admit(order(2)), AgentError::Kind::stale, "term 2");
    BOOST_TEST(fence.admit(order(2)).error().term == 3);
    good(fence.admit(order(1, "m-2")));
  }
  Fence fence{places.terms()};
  fails(fence.admit(order(2)), AgentError::Kind::stale);
  good(fence.admit(order(4)));
  fails(fence.admit(order(3)), AgentError::Kind::stale);
}

BOOST_AUTO_TEST_CASE(what_could_be_a_path_is_no_migration) {
  Fence fence{places.terms()};
  for (const char* name : {"", "..", ".", "a/b", "../x"})
    fails(fence.admit(order(1, name)), AgentError::Kind::precondition);
}

BOOST_AUTO_TEST_CASE(terms_are_forgotten_in_time) {
  Fence fence{places.terms()};
  good(fence.admit(order(3)));
  fence.forget_older_than(1h);
  fails(fence.admit(order(2)), AgentError::Kind::stale);
  fence.forget_older_than(0h);
  good(fence.admit(order(2)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
