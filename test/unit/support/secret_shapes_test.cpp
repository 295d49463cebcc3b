#include "shared/support/secret_shapes.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace migrate::support {
namespace {

namespace data = boost::unit_test::data;

const std::string kJwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlLW9mLWl0";
const std::string kPem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----";

struct Case {
  std::string text;
  std::string wanted;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.text;
}

const std::vector<Case> kTold = {
    // URLs
    {"dial amqp://guest:guest@rabbitmq.shop:5672/ failed", "dial amqp://***@rabbitmq.shop:5672/ failed"},
    {"http://token@host", "http://***@host"},
    {"amqp://user:p/w@host/vhost", "amqp://***@host/vhost"},
    {"amqp://user:p@w@host/vhost", "amqp://***@host/vhost"},
    {R"("https://a:b@one","https://c:d@two")", R"("https://***@one","https://***@two")"},
    // web tokens, keys, well-known tokens
    {"token " + kJwt + " expired", "token *** expired"},
    {"a " + kPem + " b", "a *** b"},
    {"-----BEGIN PRIVATE KEY-----\nMIIE, cut off here", "***"},
    {R"({"key":"-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n"})", R"({"key":"***\n"})"},
    {"AKIAIOSFODNN7EXAMPLE used", "*** used"},
    {"ghp_0123456789abcdefghijABCDEFGHIJ012345", "***"},
    // credentials of requests
    {"Bearer abc123.def-456", "Bearer ***"},
    {"basic dXNlcjpwYXNz", "basic ***"},
    {"Authorization: Basic dXNlcjpwYXNz more", "Authorization: ***"},
    {R"({"Authorization":"Bearer x y z","id":7})", R"({"Authorization":"***","id":7})"},
    {"Cookie: a=b; c=d\nHost: h", "Cookie: ***\nHost: h"},
    // names and values
    {"password=hunter2 user=jane", "password=*** user=jane"},
    {"DB_PASSWORD: \"two words\", next", "DB_PASSWORD: \"***\", next"},
    {R"({"apiKey":"k\"1","name":"n"})", R"({"apiKey":"***","name":"n"})"},
    {R"("{\"token\":\"t1\",\"name\":\"n\"}")", R"("{\"token\":\"***\",\"name\":\"n\"}")"},
    {"X-Api-Key: 0815", "X-Api-Key: ***"},
    {"client-secret=a;b,c&d", "client-secret=***"},
    {"{secret=s, name=n}", "{secret=***, name=n}"},
    {R"("password":12345})", R"("password":***})"},
    {"run --password hunter2 --user jane", "run --password *** --user jane"},
    {"run --token=t", "run --token=***"},
    {R"(args "--passphrase" "--x")", R"(args "--passphrase" "--x")"},
    {"MYSQL_PASS=m", "MYSQL_PASS=***"},
    {R"("auth": "dXNlcjpwYXNz")", R"("auth": "***")"},
    // two in a line, and what was masked before
    {"password=a token=b", "password=*** token=***"},
    {"amqp://***@h password=***", "amqp://***@h password=***"},
};

const std::vector<std::string> kPlain = {
    "",
    "https://host:443/path?x=a@b",
    "http://[fd00::1]:8080/x@y",
    "image registry.test/orders@sha256:0123456789abcdef",
    "the request needs basic authentication",
    "a bearer of news",
    R"("secretName":"rabbitmq","tokenExpirationSeconds":3600)",
    R"("automountServiceAccountToken": true, "token": null, "password": "")",
    "compass=north bypass=yes",
    "Secret \"orders\" not found",
    "password:",
    "eyJhbGciOi.too.short",
    "AKIA is a prefix",
    "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
    "1 == 1, a := b",
    R"("token": {"expirationSeconds": 3600})",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_shapes)

BOOST_DATA_TEST_CASE(a_secret_is_masked_and_nothing_is_left, data::make(kTold), one) {
  BOOST_TEST(masked(one.text) == one.wanted);
  BOOST_TEST(masked(one.wanted) == one.wanted);
  BOOST_TEST(secret_left_in(masked(one.text)).value_or("") == "");
}

BOOST_DATA_TEST_CASE(what_is_none_stays, data::make(kPlain), text) {
  BOOST_TEST(masked(text) == text);
  BOOST_TEST(secret_left_in(text).value_or("") == "");
}

BOOST_AUTO_TEST_CASE(what_masking_cannot_cut_out_is_found_by_the_second_net) {
  BOOST_TEST(secret_left_in("MIIEow==\n-----END PRIVATE KEY-----").value_or("") == "a part of a private key");
  BOOST_TEST(secret_left_in("tls.key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t").value_or("") == "a key in base64");
  BOOST_TEST(secret_left_in("ca.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t").value_or("") == "");
  BOOST_TEST(secret_left_in("amqp://a:b@c").value_or("") == "a URL with a user's name or password");
}

// libstdc++'s regular expressions would have used up the stack here.
BOOST_AUTO_TEST_CASE(a_line_of_a_megabyte_is_nothing_special) {
  const std::string line = std::string(1U << 20, 'x') + " password=p";
  BOOST_TEST((masked(line) == std::string(1U << 20, 'x') + " password=***"));
}

BOOST_AUTO_TEST_CASE(names_of_secrets) {
  for (const char* name : {"password", "DB_PASSWORD", "dbPassword", "x-api-key", "--token", "client_secret",
                           "PGPASS_pass", ".dockerconfigjson", "Proxy-Authorization", "auth", "registry.auth"})
    BOOST_TEST(names_secret(name), name);
  for (const char* name : {"secretName", "tokenPath", "oauth", "bypass", "passwordPolicy", "key", "name", ""})
    BOOST_TEST(!names_secret(name), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::support
