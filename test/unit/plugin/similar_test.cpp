#include "plugin/similar.h"

#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
