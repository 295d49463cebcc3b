#include "shared/kube/object_name.h"

#include <boost/test/unit_test.hpp>
#include <string>

BOOST_AUTO_TEST_SUITE(object_name)

BOOST_AUTO_TEST_CASE(names_are_subdomains) {
  using migrate::kube::is_object_name;
  for (const char* good : {"a", "a-b", "a.b", "0", "a1.b-2"})
    BOOST_TEST(is_object_name(good), good);
  for (const char* bad : {"", "-a", "a-", "a..b", "a.-b", "a-.b", ".a", "a.", "A", "a_b", "a/b", ".."})
    BOOST_TEST(!is_object_name(bad), bad);
  BOOST_TEST(is_object_name(std::string(253, 'a')));
  BOOST_TEST(!is_object_name(std::string(254, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
