#include "shared/registry/challenge.h"

#include <boost/test/unit_test.hpp>

namespace migrate::registry {

BOOST_AUTO_TEST_SUITE(challenge)

BOOST_AUTO_TEST_CASE(a_bearer_challenge_has_realm_service_and_scope) {
  const auto all = parse_challenges(
      R"(Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push")");
  BOOST_REQUIRE(all.size() == 1U);
  BOOST_TEST(all[0].scheme == "bearer");
  BOOST_TEST(all[0].parameters.at("realm") == "https://auth.example/token");
  BOOST_TEST(all[0].parameters.at("service") == "r.example");
  BOOST_TEST(all[0].parameters.at("scope") == "repository:a/b:pull,push");
}

BOOST_AUTO_TEST_CASE(several_challenges_stand_in_one_header) {
  const auto all = parse_challenges(R"(Negotiate, BASIC Realm = "a \"b\", c" , charset=UTF-8, Bearer realm=x)");
  BOOST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all[0].scheme == "negotiate");
  BOOST_TEST(all[1].scheme == "basic");
  BOOST_TEST(all[1].parameters.at("realm") == R"(a "b", c)");
  BOOST_TEST(all[1].parameters.at("charset") == "UTF-8");
  BOOST_TEST(all[2].parameters.at("realm") == "x");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_left_out) {
  BOOST_TEST(parse_challenges("").empty());
  BOOST_TEST(parse_challenges(" , ,, ").empty());
  BOOST_TEST(parse_challenges("realm=\"alone\"").empty());
  BOOST_TEST(parse_challenges("Basic realm=\"never ends").size() == 1U);
  BOOST_TEST(parse_challenges("\"\"==").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::registry
