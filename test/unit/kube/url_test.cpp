#include "shared/kube/url.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using migrate::kube::parse_url;
using migrate::kube::parse_url_or_host;
using migrate::kube::Url;

struct Case {
  std::string text;
  Url url;
  std::string written;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.text; }
};

const std::vector<Case> kCases = {
    {"https://host", {"https", "", "host", "", ""}, "https://host"},
    {"HTTPS://Host:6443/", {"https", "", "Host", "6443", ""}, "https://Host:6443"},
    {"https://host:/x", {"https", "", "host", "", "/x"}, "https://host/x"},
    {"https://10.0.0.1:443/a/b//", {"https", "", "10.0.0.1", "443", "/a/b"}, "https://10.0.0.1:443/a/b"},
    {"https://[fd00::1]:6443", {"https", "", "fd00::1", "6443", ""}, "https://[fd00::1]:6443"},
    {"https://[::1]", {"https", "", "::1", "", ""}, "https://[::1]"},
    {"https://host/p?query=1/2#part", {"https", "", "host", "", "/p"}, "https://host/p"},
    {"https://host?query", {"https", "", "host", "", ""}, "https://host"},
    {"http://me:p@ss@proxy:3128", {"http", "me:p@ss", "proxy", "3128", ""}, "http://me:p@ss@proxy:3128"},
    {"socks5://proxy", {"socks5", "", "proxy", "", ""}, "socks5://proxy"},
};

const std::vector<std::string> kBroken = {
    "",
    "host",
    "host:6443",
    "://host",
    "https://",
    "https:///path",
    "https://:1",
    "https://a:b",
    "https://a:123456",
    "https://a:65536",
    "https://[::1",
    "https://[host]:1",
    "https://::1",
    "ht tp://a",
    "https://a b",
    "https://[::1]x",
    "https://a\nb",
    "https://<a>",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(url)

BOOST_DATA_TEST_CASE(is_taken_apart_and_put_together, data::make(kCases), c) {
  const auto url = parse_url(c.text);
  BOOST_TEST_REQUIRE(url.has_value());
  BOOST_TEST((*url == c.url));
  BOOST_TEST(url->text() == c.written);
}

BOOST_DATA_TEST_CASE(what_is_no_url_is_refused, data::make(kBroken), text) {
  BOOST_TEST(!parse_url(text));
}

BOOST_AUTO_TEST_CASE(every_scheme_has_its_port) {
  BOOST_TEST(parse_url("http://h")->effective_port() == "80");
  BOOST_TEST(parse_url("https://h")->effective_port() == "443");
  BOOST_TEST(parse_url("socks5://h")->effective_port() == "1080");
  BOOST_TEST(parse_url("https://h:8443")->effective_port() == "8443");
}

BOOST_AUTO_TEST_CASE(a_bare_host_gets_the_scheme_that_is_meant) {
  BOOST_TEST(parse_url_or_host("h:1", "https")->text() == "https://h:1");
  BOOST_TEST(parse_url_or_host("[::1]:1", "http")->text() == "http://[::1]:1");
  BOOST_TEST(parse_url_or_host("http://h", "https")->text() == "http://h");
  BOOST_TEST(parse_url_or_host("h:x", "https").error().message == "\"h:x\" is neither a URL nor HOST:PORT");
}

BOOST_AUTO_TEST_CASE(a_password_is_not_told_to_anybody) {
  BOOST_TEST(parse_url("http://me:secret@h:x").error().message == "\"http://…@h:x\" is not a URL");
  BOOST_TEST(parse_url_or_host("me:secret@h:x", "http").error().message == "\"…@h:x\" is neither a URL nor HOST:PORT");
}

BOOST_AUTO_TEST_SUITE_END()
