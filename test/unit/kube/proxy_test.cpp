#include "shared/kube/proxy.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "test/fakes/host.h"

namespace {

namespace data = boost::unit_test::data;
using migrate::fakes::Environment;
using migrate::kube::parse_url;
using migrate::kube::proxy_for;

struct NoProxyCase {
  std::string server;
  std::string no_proxy;
  bool proxied;
  friend std::ostream& operator<<(std::ostream& out, const NoProxyCase& c) {
    return out << c.server << " with NO_PROXY=" << c.no_proxy;
  }
};

const std::vector<NoProxyCase> kNoProxy = {
    {"https://api.example.org", "", true},
    // Never for this machine.
    {"https://localhost:6443", "", false},
    {"https://LOCALHOST:6443", "", false},
    {"https://127.0.0.1:6443", "", false},
    {"https://127.8.9.10", "", false},
    {"https://[::1]:6443", "", false},
    {"https://[::ffff:127.0.0.1]:6443", "", false},
    {"https://localhost.example.org", "", true},
    // Everything.
    {"https://api.example.org", "*", false},
    {"https://10.0.0.1", "x, *", false},
    // Names.
    {"https://api.example.org", "example.org", false},
    {"https://example.org", "example.org", false},
    {"https://API.Example.ORG", "eXample.org", false},
    {"https://myexample.org", "example.org", true},
    {"https://example.org.evil", "example.org", true},
    {"https://api.example.org", ".example.org", false},
    {"https://example.org", ".example.org", true},
    {"https://api.example.org", "*.example.org", false},
    {"https://example.org", "*.example.org", true},
    {"https://api.example.org", "other, ,  example.org ,", false},
    // Ports.
    {"https://example.org:6443", "example.org:6443", false},
    {"https://example.org", "example.org:443", false},
    {"https://example.org:6443", "example.org:443", true},
    {"https://example.org:6443", ":6443", true},
    {"https://10.0.0.1:6443", "10.0.0.1:6443", false},
    {"https://10.0.0.1:6444", "10.0.0.1:6443", true},
    {"https://[fd00::1]:6443", "[fd00::1]:6443", false},
    {"https://[fd00::1]:6444", "[fd00::1]:6443", true},
    // Addresses.
    {"https://10.0.0.1", "10.0.0.1", false},
    {"https://10.0.0.2", "10.0.0.1", true},
    {"https://10.0.0.10", "10.0.0.1", true},
    {"https://[fd00::1]", "fd00:0::1", false},
    {"https://[::ffff:10.0.0.1]", "10.0.0.1", false},
    {"https://10.0.0.1", "0.0.1", true},
    // Networks.
    {"https://10.1.2.3", "10.0.0.0/8", false},
    {"https://11.1.2.3", "10.0.0.0/8", true},
    {"https://10.127.0.1", "10.0.0.0/9", false},
    {"https://10.128.0.1", "10.0.0.0/9", true},
    {"https://10.0.0.1", "10.0.0.1/32", false},
    {"https://10.0.0.2", "10.0.0.1/32", true},
    {"https://10.0.0.2", "0.0.0.0/0", false},
    {"https://[fd00::1]", "0.0.0.0/0", true},
    {"https://[fd00:1:2::3]", "fd00::/8", false},
    {"https://[fe80::3]", "fd00::/8", true},
    {"https://name.org", "10.0.0.0/8", true},
    {"https://10.0.0.1", "10.0.0.0/33", true},
    {"https://10.0.0.1", "10.0.0.0/", true},
};

struct Case {
  std::string name;
  std::string server;
  std::string proxy_url;
  Environment environment;
  std::string proxy;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

const std::vector<Case> kCases = {
    {"none", "https://h", "", {}, ""},
    {"https servers go by HTTPS_PROXY",
     "https://h",
     "",
     {{"HTTPS_PROXY", "http://s:1"}, {"HTTP_PROXY", "http://p:1"}},
     "http://s:1"},
    {"http servers go by HTTP_PROXY",
     "http://h",
     "",
     {{"HTTPS_PROXY", "http://s:1"}, {"HTTP_PROXY", "http://p:1"}},
     "http://p:1"},
    {"not by the other's", "https://h", "", {{"HTTP_PROXY", "http://p:1"}}, ""},
    {"lower case counts too", "https://h", "", {{"https_proxy", "http://s:1"}}, "http://s:1"},
    {"upper case comes first",
     "https://h",
     "",
     {{"https_proxy", "http://low:1"}, {"HTTPS_PROXY", "http://up:1"}},
     "http://up:1"},
    {"an empty variable is none",
     "https://h",
     "",
     {{"https_proxy", "http://low:1"}, {"HTTPS_PROXY", ""}},
     "http://low:1"},
    {"a bare host is an http proxy", "https://h", "", {{"HTTPS_PROXY", "p:3128"}}, "http://p:3128"},
    {"with user and password", "https://h", "", {{"HTTPS_PROXY", "http://u:w@p"}}, "http://u:w@p"},
    {"lower case no_proxy", "https://h", "", {{"HTTPS_PROXY", "p"}, {"no_proxy", "h"}}, ""},
    {"the kubeconfig comes before the environment",
     "https://h",
     "http://k:1",
     {{"HTTPS_PROXY", "http://s:1"}},
     "http://k:1"},
    {"and NO_PROXY is not for it", "https://localhost", "http://k:1", {{"NO_PROXY", "*"}}, "http://k:1"},
};

struct Broken {
  std::string name;
  std::string proxy_url;
  Environment environment;
  std::string error;
  friend std::ostream& operator<<(std::ostream& out, const Broken& c) { return out << c.name; }
};

const std::vector<Broken> kBroken = {
    {"socks5 in the kubeconfig",
     "socks5://p:1080",
     {},
     "proxy-url: socks5:// proxies are not supported, only http:// ones: name one, or none"},
    {"https in the kubeconfig",
     "https://p",
     {},
     "proxy-url: https:// proxies are not supported, only http:// ones: name one, or none"},
    {"no URL in the kubeconfig", "p:3128", {}, "proxy-url: \"p:3128\" is not a URL"},
    {"socks5 in the environment",
     "",
     {{"https_proxy", "socks5://p"}},
     "$https_proxy: socks5:// proxies are not supported, only http:// ones: name one, or none"},
    {"nonsense in the environment",
     "",
     {{"HTTPS_PROXY", "http://u:secret@p:x"}},
     "$HTTPS_PROXY: \"http://…@p:x\" is not a URL"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy)

BOOST_DATA_TEST_CASE(no_proxy_is_read_as_go_does, data::make(kNoProxy), c) {
  const Environment environment{{"HTTPS_PROXY", "http://proxy:3128"}, {"NO_PROXY", c.no_proxy}};
  const auto proxy = proxy_for(parse_url(c.server).value(), "", environment);
  BOOST_TEST_REQUIRE(proxy.has_value());
  BOOST_TEST(*proxy == (c.proxied ? "http://proxy:3128" : ""));
}

BOOST_DATA_TEST_CASE(which_proxy_is_used, data::make(kCases), c) {
  const auto proxy = proxy_for(parse_url(c.server).value(), c.proxy_url, c.environment);
  BOOST_TEST_REQUIRE(proxy.has_value());
  BOOST_TEST(*proxy == c.proxy);
}

BOOST_DATA_TEST_CASE(a_proxy_that_cannot_be_used_is_not_passed_by, data::make(kBroken), c) {
  const auto proxy = proxy_for(parse_url("https://h").value(), c.proxy_url, c.environment);
  BOOST_TEST_REQUIRE(!proxy);
  BOOST_TEST(proxy.error().message == c.error);
}

BOOST_AUTO_TEST_SUITE_END()
