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

// Another agent's certificate is no controller's: what it asks with must not keep the controller's own orders out.
BOOST_AUTO_TEST_CASE(who_only_asks_raises_no_term) {
  Fence fence{places.terms()};
  good(fence.admit(order(3)));
  good(fence.check(order(1'000'000)));
  good(fence.check(order(7, "m-2")));
  good(fence.admit(order(3)));
  fails(fence.check(order(2)), AgentError::Kind::stale, "term 2");
  fails(fence.check(order(1, "../x")), AgentError::Kind::precondition);
  BOOST_TEST(!test::is_there(places.terms() / "m-2"));
}

BOOST_AUTO_TEST_CASE(what_gives_room_on_a_full_disk_needs_none) {
  test::write_text(places.terms(), "no folder can be made here");
  Fence fence{places.terms()};
  fails(fence.admit(order(3)), AgentError::Kind::failed, "remember the controller's term");
  good(fence.admit(order(3), Fence::Written::may));
  fails(fence.admit(order(2), Fence::Written::may), AgentError::Kind::stale);
  fails(fence.admit(order(3)), AgentError::Kind::failed);  // it is not written yet
  std::filesystem::remove(places.terms());
  good(fence.admit(order(3)));
  fails(Fence{places.terms()}.admit(order(2)), AgentError::Kind::stale);
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
