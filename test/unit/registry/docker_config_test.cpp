#include "shared/registry/docker_config.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "shared/base/base64.h"

namespace migrate::registry {
namespace {

namespace data = boost::unit_test::data;

struct Case {
  std::string config;
  std::string repository;
  std::string user;  // empty: none
  friend std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << one.repository << " in " << one.config;
  }
};

std::string entry(const std::string& key, const std::string& user) {
  return "\"" + key + R"(":{"username":")" + user + R"(","password":"p"})";
}
std::string config(const std::string& entries) {
  return R"({"auths":{)" + entries + "}}";
}

const std::vector<Case> kCases{
    {config(entry("r.example:5000", "a")), "r.example:5000/cp", "a"},
    {config(entry("https://r.example:5000", "a")), "r.example:5000/cp", "a"},
    {config(entry("https://r.example/v2/", "a")), "r.example/cp", "a"},
    {config(entry("r.example", "a")), "r.example:5000/cp", ""},
    {config(entry("r.example", "a")), "other.example/cp", ""},
    {config(entry("r.example", "a") + "," + entry("r.example/team", "b")), "r.example/team/cp", "b"},
    {config(entry("r.example/team", "b") + "," + entry("r.example", "a")), "r.example/teams/cp", "a"},
    {config(entry("https://index.docker.io/v1/", "a")), "docker.io/user/cp", "a"},
    {config(R"("r.example":{"auth":")" + to_base64("a:p:q") + "\"}"), "r.example/cp", "a"},
    {config(""), "r.example/cp", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(docker_config)

BOOST_DATA_TEST_CASE(the_longest_entry_counts, data::make(kCases), one) {
  const auto read = credentials_in(one.config, one.repository);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().message));
  BOOST_TEST((*read ? (*read)->user : "") == one.user);
}

BOOST_AUTO_TEST_CASE(a_password_may_hold_colons) {
  const auto read = credentials_in(config(R"("r":{"auth":")" + to_base64("a:p:q") + "\"}"), "r/cp");
  BOOST_TEST((*read)->password == "p:q");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said_without_what_is_secret) {
  for (const std::string& bad :
       {std::string("secret"), std::string("[]"), std::string("{}"), config(R"("r":"secret")"),
        config(R"("r":{"auth":"secret!"})"), config(R"("r":{"auth":")" + to_base64("secret") + "\"}")}) {
    const auto read = credentials_in(bad, "r/cp");
    BOOST_REQUIRE(!read);
    BOOST_TEST(read.error().message.find("secret") == std::string::npos, read.error().message);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::registry
