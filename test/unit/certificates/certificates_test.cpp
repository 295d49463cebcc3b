#include "shared/certificates/certificates.h"
#include "shared/base/freer.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <boost/test/unit_test.hpp>
#include <memory>

namespace {

using namespace migrate;
using namespace migrate::certificates;
using namespace std::chrono_literals;

using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;

const Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

CertificatePtr read(const std::string& pem) {
  const BioPtr bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  CertificatePtr certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
  BOOST_REQUIRE(certificate);
  return certificate;
}

std::string common_name(X509* certificate) {
  char text[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
  return text;
}

// X509_V_OK, or why not, for a purpose (X509_PURPOSE_…) at a time.
int verify(const std::string& certificate, const std::string& authority, int purpose, Instant at) {
  const StorePtr store{X509_STORE_new()};
  const CertificatePtr root = read(authority);
  X509_STORE_add_cert(store.get(), root.get());
  const CertificatePtr leaf = read(certificate);
  const StoreContextPtr context{X509_STORE_CTX_new()};
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(at));
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
  return X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

KeyPair authority() {
  return value_or_fatal(make_authority(kNow));
}

// A request as another program may make it.
std::string foreign_request(EVP_PKEY* key, EVP_PKEY* signer) {
  const RequestPtr request{X509_REQ_new()};
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("controller"), -1, -1, 0);
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:evil.example"));
  sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "CA:TRUE"));
  X509_REQ_add_extensions(request.get(), extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_set_pubkey(request.get(), key);
  X509_REQ_sign(request.get(), signer, EVP_sha256());
  const BioPtr bio{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509_REQ(bio.get(), request.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

BOOST_AUTO_TEST_SUITE(certificates_test)

BOOST_AUTO_TEST_CASE(what_is_issued_verifies_for_servers_and_clients) {
  const KeyPair ca = authority();
  const KeyPair made = value_or_fatal(issue(ca, {"extender", {"localhost"}, {"127.0.0.1"}}, kNow));
  BOOST_TEST(verify(made.certificate_pem, ca.certificate_pem, X509_PURPOSE_SSL_SERVER, kNow) == X509_V_OK);
  BOOST_TEST(verify(made.certificate_pem, ca.certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow) == X509_V_OK);
  BOOST_TEST(verify(made.certificate_pem, authority().certificate_pem, X509_PURPOSE_SSL_SERVER, kNow) != X509_V_OK);
  BOOST_TEST(X509_check_ca(read(made.certificate_pem).get()) == 0);
}

BOOST_AUTO_TEST_CASE(names_are_those_of_the_subject_and_no_more) {
  const KeyPair made =
      value_or_fatal(issue(authority(), {"agent/node-a", {"node-a.x", "a,DNS:b"}, {"127.0.0.1", "fd00::1"}}, kNow));
  const CertificatePtr certificate = read(made.certificate_pem);
  BOOST_TEST(common_name(certificate.get()) == "agent/node-a");
  BOOST_TEST(X509_check_host(certificate.get(), "node-a.x", 0, 0, nullptr) == 1);
  BOOST_TEST(X509_check_host(certificate.get(), "b", 0, 0, nullptr) == 0);
  BOOST_TEST(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0) == 1);
  BOOST_TEST(X509_check_ip_asc(certificate.get(), "fd00::1", 0) == 1);
  BOOST_TEST(X509_check_ip_asc(certificate.get(), "127.0.0.2", 0) == 0);
}

BOOST_AUTO_TEST_CASE(a_common_name_may_be_longer_than_64_characters) {
  const std::string name = "agent/" + std::string(200, 'n');
  const KeyPair made = value_or_fatal(issue(authority(), {name, {}, {}}, kNow));
  BOOST_TEST(common_name(read(made.certificate_pem).get()) == name);
}

BOOST_AUTO_TEST_CASE(names_of_agents_are_names_whatever_the_node_s) {
  BOOST_TEST(agent_dns_name("node-a") == "node-a.agent.kubectl-migrate.dev");
  BOOST_TEST(agent_dns_name(std::string(227, 'n')).size() == 253U);
  const std::string digest = agent_dns_name(std::string(228, 'n'));
  BOOST_TEST(digest.size() == 40 + std::string{".long-agent.kubectl-migrate.dev"}.size());
  BOOST_TEST(digest != agent_dns_name(std::string(229, 'n')));
}

BOOST_AUTO_TEST_CASE(lifetimes) {
  const KeyPair ca = authority();
  const KeyPair made = value_or_fatal(issue(ca, {"controller", {}, {}}, kNow));
  BOOST_TEST((value_or_fatal(expiry(made.certificate_pem)) == kNow + 24h));
  const auto at = [&](Instant when) {
    return verify(made.certificate_pem, ca.certificate_pem, X509_PURPOSE_SSL_CLIENT, when);
  };
  BOOST_TEST(at(kNow - 4min) == X509_V_OK);
  BOOST_TEST(at(kNow + 23h) == X509_V_OK);
  BOOST_TEST(at(kNow + 25h) == X509_V_ERR_CERT_HAS_EXPIRED);
  BOOST_TEST((value_or_fatal(expiry(ca.certificate_pem)) > kNow + 24h * 365 * 9));
}

BOOST_AUTO_TEST_CASE(our_own_request_is_signed) {
  const KeyPair ca = authority();
  const SigningRequest request = value_or_fatal(make_request());
  const std::string made = value_or_fatal(sign(ca, request.csr_pem, {"agent/b", {agent_dns_name("b")}, {}}, kNow));
  BOOST_TEST(verify(made, ca.certificate_pem, X509_PURPOSE_SSL_SERVER, kNow) == X509_V_OK);
  const CertificatePtr certificate = read(made);
  BOOST_TEST(X509_check_host(certificate.get(), "b.agent.kubectl-migrate.dev", 0, 0, nullptr) == 1);
  const BioPtr bio{BIO_new_mem_buf(request.key_pem.data(), -1)};
  const KeyPtr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)};
  BOOST_TEST(X509_check_private_key(certificate.get(), key.get()) == 1);
}

BOOST_AUTO_TEST_CASE(what_a_request_says_of_its_subject_is_ignored) {
  const KeyPair ca = authority();
  const KeyPtr key{EVP_EC_gen("P-256")};
  const std::string made = value_or_fatal(sign(ca, foreign_request(key.get(), key.get()), {"agent/b", {}, {}}, kNow));
  const CertificatePtr certificate = read(made);
  BOOST_TEST(common_name(certificate.get()) == "agent/b");
  BOOST_TEST(X509_check_host(certificate.get(), "evil.example", 0, 0, nullptr) == 0);
  BOOST_TEST(X509_check_ca(certificate.get()) == 0);
}

BOOST_AUTO_TEST_CASE(who_does_not_have_the_key_is_refused) {
  const KeyPtr key{EVP_EC_gen("P-256")};
  const KeyPtr other{EVP_EC_gen("P-256")};
  const auto made = sign(authority(), foreign_request(key.get(), other.get()), {"agent/b", {}, {}}, kNow);
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.error().message.find("not signed with the key it carries") != std::string::npos,
             made.error().message);
}

BOOST_AUTO_TEST_CASE(weak_keys_and_rubbish_are_refused) {
  const KeyPtr weak{EVP_RSA_gen(1024)};
  const auto signed_weak = sign(authority(), foreign_request(weak.get(), weak.get()), {"agent/b", {}, {}}, kNow);
  BOOST_REQUIRE(!signed_weak);
  BOOST_TEST(signed_weak.error().message.find("too weak") != std::string::npos, signed_weak.error().message);
  for (const std::string& text : {std::string{}, std::string{"no PEM"}, std::string(100'000, 'x')})
    BOOST_TEST(!sign(authority(), text, {"agent/b", {}, {}}, kNow));
  BOOST_TEST(!issue({"no PEM", "no PEM"}, {"x", {}, {}}, kNow));
  BOOST_TEST(!issue({authority().certificate_pem, authority().key_pem}, {"x", {}, {}}, kNow));  // of two authorities
  BOOST_TEST(!issue(authority(), {"x", {}, {"no address"}}, kNow));
  BOOST_TEST(!expiry("no PEM"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
