#include "extender/authority/authority.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "extender/authority/renewed_certificate.h"
#include "shared/base/base64.h"
#include "test/fakes/host.h"
#include "test/unit/extender/fake_client.h"

namespace {

using namespace migrate;
using namespace migrate::authority;
using migrate::extender::FakeClient;
using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

const Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};
const kube::ResourcePath kSecret = kube::core("secrets", "ns", "migrate-ca");

kube::Json secret_of(const std::string& certificate, const std::string& key) {
  return {{"metadata", {{"name", "migrate-ca"}, {"namespace", "ns"}}},
          {"data", {{"tls.crt", to_base64(certificate)}, {"tls.key", to_base64(key)}}}};
}

BOOST_AUTO_TEST_SUITE(authority_test)

BOOST_AUTO_TEST_CASE(without_a_secret_one_is_made_and_found_again) {
  FakeClient client;
  const auto made = ensure_authority(client, "ns", kNow);
  BOOST_REQUIRE(made);
  const auto again = ensure_authority(client, "ns", kNow + 24h);
  BOOST_REQUIRE(again);
  BOOST_TEST(again->certificate_pem == made->certificate_pem);
  BOOST_TEST(again->key_pem == made->key_pem);
  BOOST_TEST((client.calls == Lines{"get secrets migrate-ca", "create secrets migrate-ca", "get secrets migrate-ca"}));
  BOOST_TEST(client.objects.at(FakeClient::path_of(kSecret)).at("type") == "kubernetes.io/tls");
}

BOOST_AUTO_TEST_CASE(a_replica_that_is_later_takes_what_the_other_one_made) {
  FakeClient client;
  const auto theirs = value_or_fatal(certificates::make_authority(kNow));
  client.on_create = [&](const kube::ResourcePath&, const kube::Json&) -> std::optional<kube::ApiResult<kube::Json>> {
    client.put(kSecret, secret_of(theirs.certificate_pem, theirs.key_pem));
    return tl::make_unexpected(kube::local_error("exists", kube::ApiError::Kind::already_exists));
  };
  const auto ours = ensure_authority(client, "ns", kNow);
  BOOST_REQUIRE(ours);
  BOOST_TEST(ours->certificate_pem == theirs.certificate_pem);
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_no_authority_is_an_error_and_stays) {
  const auto one = value_or_fatal(certificates::make_authority(kNow));
  const auto other = value_or_fatal(certificates::make_authority(kNow));
  for (const kube::Json& secret : {kube::Json::object(), secret_of("no PEM", "no PEM"),
                                   secret_of(one.certificate_pem, other.key_pem), kube::Json{{"data", 7}}}) {
    FakeClient client;
    client.put(kSecret, secret);
    const auto made = ensure_authority(client, "ns", kNow);
    BOOST_REQUIRE(!made);
    BOOST_TEST(made.error().message.rfind("Secret ns/migrate-ca is no authority: ", 0) == 0U, made.error().message);
    BOOST_TEST((client.calls == Lines{"get secrets migrate-ca"}));
  }
}

BOOST_AUTO_TEST_CASE(the_certificate_is_published_without_the_key) {
  FakeClient client;
  BOOST_REQUIRE(publish_authority(client, "ns", "PEM"));
  const kube::Json published = client.objects.at(FakeClient::path_of(kube::core("configmaps", "ns", "migrate-ca")));
  BOOST_TEST((published.at("data") == kube::Json{{"ca.crt", "PEM"}}));
}

BOOST_AUTO_TEST_CASE(a_certificate_is_renewed_after_half_its_life) {
  fakes::Clock clock;
  const CurrentAuthority ca{value_or_fatal(certificates::make_authority(clock.time))};
  RenewedCertificate certificate{ca, server_subject("ns"), clock};
  const auto first = value_or_fatal(certificate.current());
  clock.tick(11h + 59min);
  BOOST_TEST(value_or_fatal(certificate.current()).certificate_pem == first.certificate_pem);
  clock.tick(1min);
  const auto second = value_or_fatal(certificate.current());
  BOOST_TEST(second.certificate_pem != first.certificate_pem);
  BOOST_TEST(second.key_pem != first.key_pem);
  BOOST_TEST((value_or_fatal(certificates::expiry(second.certificate_pem)) == clock.time + 24h));
}

BOOST_AUTO_TEST_CASE(an_authority_that_does_not_sign_is_an_error) {
  fakes::Clock clock;
  const CurrentAuthority ca{{"no", "PEM"}};
  BOOST_TEST(!RenewedCertificate(ca, controller_subject(), clock).current());
}

BOOST_AUTO_TEST_CASE(a_replaced_authority_issues_at_once) {
  fakes::Clock clock;
  const auto old = value_or_fatal(certificates::make_authority(clock.time));
  CurrentAuthority ca{old};
  RenewedCertificate certificate{ca, controller_subject(), clock};
  const auto first = value_or_fatal(certificate.current());
  BOOST_TEST(!ca.replace(old));
  BOOST_TEST(value_or_fatal(certificate.current()).certificate_pem == first.certificate_pem);
  BOOST_TEST(ca.replace(value_or_fatal(certificates::make_authority(clock.time))));
  const auto second = value_or_fatal(certificate.current());
  BOOST_TEST(second.certificate_pem != first.certificate_pem);
  BOOST_TEST(value_or_fatal(certificate.current()).certificate_pem == second.certificate_pem);
  // One that cannot issue does not take away what is still good.
  BOOST_TEST(ca.replace({"no", "PEM"}));
  BOOST_TEST(value_or_fatal(certificate.current()).certificate_pem == second.certificate_pem);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
