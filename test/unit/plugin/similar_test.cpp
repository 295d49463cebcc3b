#include "plugin/similar.h"

#include <boost/test/unit_test.hpp>

#include "plugin/command_word.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(similar_words)

BOOST_AUTO_TEST_CASE(few_wrong_letters_and_common_beginnings_count) {
  const std::vector<std::string> pods = {"orders-0", "orders-mig-ab12c", "billing", "order"};
  BOOST_TEST(joined(similar("orders", pods)) == "order, orders-0, orders-mig-ab12c");
  BOOST_TEST(joined(similar("biling", pods)) == "billing");
  BOOST_TEST(similar("zzz", pods).empty());
  BOOST_TEST(similar("orders", pods, 1).size() == 1U);
  BOOST_TEST(similar("x", {}).empty());
}

BOOST_AUTO_TEST_CASE(a_hint_stands_below_a_message) {
  BOOST_TEST(near_hint("biling", {"billing", "orders"}) == "\nDid you mean billing?");
  BOOST_TEST(near_hint("orders", {"orders-0", "orders-1", "x"}) == "\nDid you mean orders-0 or orders-1?");
  BOOST_TEST(near_hint("zzz", {"orders"}).empty());
}

BOOST_AUTO_TEST_CASE(commands_are_found_by_what_other_programs_call_them) {
  BOOST_TEST(joined(commands_like("stauts")) == "status");
  BOOST_TEST(joined(commands_like("ls")) == "list");
  BOOST_TEST(joined(commands_like("cancel")) == "abort");
  BOOST_TEST(commands_like("orders").empty());
  BOOST_TEST(unknown_command("orders") == "unknown command \"orders\" for \"kubectl migrate\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
