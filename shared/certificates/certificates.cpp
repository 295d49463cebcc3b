#include "shared/certificates/certificates.h"

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <limits>
#include <memory>

#include "shared/base/freer.h"

namespace migrate::certificates {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

// Clocks of nodes differ a little.
constexpr std::chrono::minutes kBackdated{5};
constexpr std::chrono::hours kAuthorityLifetime{10 * 365 * 24};
constexpr std::size_t kLongestPem = 64U << 10;
constexpr int kLeastSecurityBits = 112;  // RSA 2048, or any curve in use

// With OpenSSL's own words, which are taken off this thread's list.
tl::unexpected<Error> openssl_failure(const std::string& attempt) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  char text[256] = "no reason given";
  if (code != 0) ERR_error_string_n(code, text, sizeof text);
  return failure(fmt::format("{}: {}", attempt, text));
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

template <class Write>
std::string pem_of(const Write& write) {
  const BioPtr bio{BIO_new(BIO_s_mem())};
  if (!bio || write(bio.get()) != 1) return {};
  return text_of(bio.get());
}

std::string pem_of(X509* certificate) {
  return pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem_of(
      [&](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

// A password is never asked for on a terminal.
int no_password(char*, int, int, void*) {
  return 0;
}

template <class Pointer, class Read>
Result<Pointer> read_pem(const std::string& pem, const std::string& what, const Read& read) {
  if (pem.size() > kLongestPem) return failure(fmt::format("read {}: {} bytes are too many", what, pem.size()));
  const BioPtr bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  Pointer made{bio ? read(bio.get(), nullptr, no_password, nullptr) : nullptr};
  if (!made) return openssl_failure("read " + what + ", which must be PEM");
  return made;
}

std::time_t seconds_of(Instant instant) {
  return std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
}

bool add_extension(X509* certificate, X509* issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension{X509V3_EXT_conf_nid(nullptr, &context, what, value)};
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Raw, not through the table of upper bounds: "agent/NODE" may be longer than X.520's 64 characters.
bool set_common_name(X509_NAME* name, const std::string& common_name) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool set_serial(X509* certificate) {
  const NumberPtr number{BN_new()};
  return number && BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// Everything but issuer, extensions and signature.
CertificatePtr draft(const std::string& common_name, EVP_PKEY* key, Instant now, std::chrono::seconds lifetime) {
  CertificatePtr certificate{X509_new()};
  const bool made = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    set_serial(certificate.get()) &&
                    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds_of(now - kBackdated)) != nullptr &&
                    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds_of(now + lifetime)) != nullptr &&
                    X509_set_pubkey(certificate.get(), key) == 1 &&
                    set_common_name(X509_get_subject_name(certificate.get()), common_name);
  return made ? std::move(certificate) : nullptr;
}

// Built as values: a name with a comma in it must not become two.
bool add_name(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  if (value == nullptr) return false;
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (name == nullptr) {
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) > 0) return true;
  GENERAL_NAME_free(name);
  return false;
}

ASN1_STRING* dns_value(const std::string& name) {
  ASN1_STRING* value = ASN1_IA5STRING_new();
  if (value != nullptr && ASN1_STRING_set(value, name.data(), static_cast<int>(name.size())) == 1) return value;
  ASN1_STRING_free(value);
  return nullptr;
}

Result<void> add_names(X509* certificate, const Subject& subject) {
  if (subject.dns_names.empty() && subject.ip_addresses.empty()) return {};
  const NamesPtr names{GENERAL_NAMES_new()};
  for (const std::string& name : subject.dns_names)
    if (!names || !add_name(names.get(), GEN_DNS, dns_value(name)))
      return openssl_failure(fmt::format("put the name \"{}\" into a certificate", name));
  for (const std::string& address : subject.ip_addresses)
    if (!names || !add_name(names.get(), GEN_IPADD, a2i_IPADDRESS(address.c_str())))
      return openssl_failure(fmt::format("put the address \"{}\" into a certificate", address));
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1)
    return openssl_failure("put names into a certificate");
  return {};
}

struct Authority {
  CertificatePtr certificate;
  KeyPtr key;
};

Result<Authority> read_authority(const KeyPair& pair) {
  auto certificate = read_pem<CertificatePtr>(pair.certificate_pem, "the authority's certificate", PEM_read_bio_X509);
  if (!certificate) return tl::make_unexpected(certificate.error());
  auto key = read_pem<KeyPtr>(pair.key_pem, "the authority's key", PEM_read_bio_PrivateKey);
  if (!key) return tl::make_unexpected(key.error());
  if (X509_check_private_key(certificate->get(), key->get()) != 1)
    return openssl_failure("read the authority: certificate and key do not belong together");
  return Authority{std::move(*certificate), std::move(*key)};
}

Result<std::string> sign_key(const Authority& authority, EVP_PKEY* key, const Subject& subject, Instant now) {
  const std::string attempt = fmt::format("sign a certificate for \"{}\"", subject.common_name);
  const CertificatePtr leaf = draft(subject.common_name, key, now, kLifetime);
  if (!leaf) return openssl_failure(attempt);
  X509* issuer = authority.certificate.get();
  if (auto named = add_names(leaf.get(), subject); !named) return tl::make_unexpected(named.error());
  if (X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer)) != 1 ||
      !add_extension(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(leaf.get(), issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(leaf.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add_extension(leaf.get(), issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(leaf.get(), issuer, NID_authority_key_identifier, "keyid:always") ||
      X509_sign(leaf.get(), authority.key.get(), EVP_sha256()) == 0)
    return openssl_failure(attempt);
  return pem_of(leaf.get());
}

KeyPtr make_key() {
  return KeyPtr{EVP_EC_gen("P-256")};
}

}  // namespace

Result<KeyPair> make_authority(Instant now) {
  const KeyPtr key = make_key();
  if (!key) return openssl_failure("make the authority's key");
  const CertificatePtr own = draft("kubectl-migrate", key.get(), now, kAuthorityLifetime);
  if (!own || X509_set_issuer_name(own.get(), X509_get_subject_name(own.get())) != 1 ||
      !add_extension(own.get(), own.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(own.get(), own.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(own.get(), own.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(own.get(), key.get(), EVP_sha256()) == 0)
    return openssl_failure("make the authority's certificate");
  return KeyPair{pem_of(own.get()), pem_of(key.get())};
}

Result<SigningRequest> make_request() {
  const KeyPtr key = make_key();
  const RequestPtr request{X509_REQ_new()};
  if (!key || !request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 || X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0)
    return openssl_failure("make a certificate request");
  return SigningRequest{pem_of([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); }),
                        pem_of(key.get())};
}

Result<std::string> sign(const KeyPair& authority, const std::string& csr_pem, const Subject& subject, Instant now) {
  const auto request = read_pem<RequestPtr>(csr_pem, "the certificate request", PEM_read_bio_X509_REQ);
  if (!request) return tl::make_unexpected(request.error());
  EVP_PKEY* key = X509_REQ_get0_pubkey(request->get());
  if (key == nullptr) return openssl_failure("read the certificate request's key");
  if (X509_REQ_verify(request->get(), key) != 1)
    return openssl_failure("the certificate request is not signed with the key it carries");
  if (EVP_PKEY_get_security_bits(key) < kLeastSecurityBits)
    return failure(fmt::format("the certificate request's key is too weak: {} bits of security, at least {} are needed",
                               EVP_PKEY_get_security_bits(key), kLeastSecurityBits));
  const auto own = read_authority(authority);
  if (!own) return tl::make_unexpected(own.error());
  return sign_key(*own, key, subject, now);
}

Result<KeyPair> issue(const KeyPair& authority, const Subject& subject, Instant now) {
  const auto own = read_authority(authority);
  if (!own) return tl::make_unexpected(own.error());
  const KeyPtr key = make_key();
  if (!key) return openssl_failure("make a key");
  auto certificate = sign_key(*own, key.get(), subject, now);
  if (!certificate) return tl::make_unexpected(certificate.error());
  return KeyPair{std::move(*certificate), pem_of(key.get())};
}

Result<Instant> expiry(const std::string& certificate_pem) {
  const auto certificate = read_pem<CertificatePtr>(certificate_pem, "a certificate", PEM_read_bio_X509);
  if (!certificate) return tl::make_unexpected(certificate.error());
  std::tm fields{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate->get()), &fields) != 1)
    return openssl_failure("read a certificate's end");
  return Instant{std::chrono::seconds{::timegm(&fields)}};
}

std::string agent_dns_name(const std::string& node) {
  constexpr std::size_t longest = 253;  // of a name in DNS, and TLS sends no longer one
  std::string name = node + ".agent.kubectl-migrate.dev";
  if (name.size() <= longest) return name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(node.data(), node.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  constexpr std::size_t kept = 20;  // bytes: 40 digits, as a label may have 63
  return fmt::format("{:02x}.long-agent.kubectl-migrate.dev", fmt::join(digest.begin(), digest.begin() + kept, ""));
}

}  // namespace migrate::certificates
