#include "shared/messages/bindings.h"

#include <boost/test/unit_test.hpp>

namespace migrate::messages {
namespace {

using broker::Binding;
using Bindings = std::vector<Binding>;

BOOST_AUTO_TEST_SUITE(bindings)

BOOST_AUTO_TEST_CASE(the_same_in_another_order_are_no_change) {
  const Bindings primary{{"shop", "new"}, {"shop", "old"}, {"other", "new"}};
  const Bindings mirror{{"other", "new"}, {"shop", "new"}, {"shop", "old"}};
  BOOST_TEST(change_of(primary, mirror).is_none());
  BOOST_TEST(change_of({}, {}).is_none());
  BOOST_TEST(describe(change_of(primary, mirror)) == "is bound as it was");
}

BOOST_AUTO_TEST_CASE(as_many_as_before_may_be_others) {
  const BindingsChange change = change_of({{"shop", "new"}, {"shop", "kept"}}, {{"shop", "kept"}, {"shop", "old"}});
  BOOST_CHECK(change.added == (Bindings{{"shop", "new"}}));
  BOOST_CHECK(change.removed == (Bindings{{"shop", "old"}}));
  BOOST_TEST(describe(change) == "was bound to exchange shop with key new and unbound from exchange shop with key old");
}

BOOST_AUTO_TEST_CASE(another_exchange_or_other_arguments_are_another_binding) {
  BOOST_TEST(!change_of({{"a", "k"}}, {{"b", "k"}}).is_none());
  const Binding narrow{"headers", "", R"({"n":1})", "~narrow"};
  const Binding wide{"headers", "", R"({"n":1})", "~wide"};
  BOOST_TEST(!change_of({narrow}, {wide}).is_none());
  // Where the broker's own name for them is not known, JSON decides.
  const Binding unnamed{"headers", "", R"({"n":1})"};
  BOOST_TEST(change_of({narrow}, {unnamed}).is_none());
  const BindingsChange other = change_of({{"headers", "", R"({"n":2})"}}, {unnamed});
  BOOST_TEST(describe(other) == R"(was bound to exchange headers with arguments {"n":2} and unbound from exchange )"
                                R"(headers with arguments {"n":1})");
}

BOOST_AUTO_TEST_CASE(of_many_three_are_named) {
  Bindings many;
  for (const char* key : {"a", "b", "c", "d", "e"})
    many.push_back({"shop", key});
  BOOST_TEST(describe(change_of(many, {})) ==
             "was bound to exchange shop with key a, exchange shop with key b, exchange shop with key c and 2 more");
  BOOST_TEST(describe(change_of({}, {{"fan", ""}})) == "was unbound from exchange fan");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::messages
