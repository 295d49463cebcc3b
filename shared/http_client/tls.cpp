#include "shared/http_client/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "shared/base/freer.h"

namespace migrate::http {
namespace {

using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

BioPtr reader(const std::string& text) {
  return BioPtr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

// A key under a password is refused; OpenSSL's own answer would be to ask on the terminal.
int no_password(char*, int, int, void*) {
  return 0;
}

std::vector<CertificatePtr> certificates_of(const std::string& pem) {
  std::vector<CertificatePtr> all;
  const BioPtr bio = reader(pem);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr))
    all.emplace_back(one);
  ERR_clear_error();  // "no start line" ends every such loop
  return all;
}

std::string names_of(X509* certificate) {
  const NamesPtr names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  std::string text;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    std::string one;
    if (name->type == GEN_DNS) {
      const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      one.assign(bytes, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      std::array<char, INET6_ADDRSTRLEN> printed{};
      const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
      if (inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), printed.data(), printed.size()) != nullptr)
        one = printed.data();
    }
    if (!one.empty()) text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

// OpenSSL's built-in folder is Debian's; a static program also runs where the bundle lies elsewhere.
void add_system_bundle(SSL_CTX* context) {
  if (std::getenv("SSL_CERT_FILE") != nullptr || std::getenv("SSL_CERT_DIR") != nullptr) return;
  for (const char* bundle :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (::access(bundle, R_OK) == 0 && SSL_CTX_load_verify_file(context, bundle) == 1) break;
  }
  ERR_clear_error();
}

}  // namespace

struct TlsProfile::Material {
  bool own_authorities = false;
  std::vector<CertificatePtr> authorities;
  std::vector<CertificatePtr> chain;  // ours, leaf first
  KeyPtr key;
};

TlsProfile::TlsProfile(std::unique_ptr<Material> material, std::string expected_name, bool insecure)
    : material_(std::move(material)), expected_name_(std::move(expected_name)), insecure_(insecure) {}

TlsProfile::~TlsProfile() = default;

Result<std::shared_ptr<TlsProfile>> TlsProfile::make(const TlsSettings& settings, std::string expected_name) {
  auto material = std::make_unique<Material>();
  if (settings.ca_pem) {
    material->own_authorities = true;
    material->authorities = certificates_of(*settings.ca_pem);
    if (material->authorities.empty() && !settings.insecure_skip_verify)
      return failure("the certificate authority holds no PEM certificate");
  }
  if (!settings.certificate_pem.empty() || !settings.key_pem.empty()) {
    material->chain = certificates_of(settings.certificate_pem);
    if (material->chain.empty()) return failure("the client certificate is not a PEM certificate");
    material->key.reset(PEM_read_bio_PrivateKey(reader(settings.key_pem).get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    if (!material->key) return failure("the client key is not a PEM private key without a password");
    if (X509_check_private_key(material->chain.front().get(), material->key.get()) != 1) {
      ERR_clear_error();
      return failure("the client key does not belong to the client certificate");
    }
  }
  return std::shared_ptr<TlsProfile>(
      new TlsProfile(std::move(material), std::move(expected_name), settings.insecure_skip_verify));
}

void TlsProfile::apply(ssl_ctx_st* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (material_->own_authorities) {
    // An empty store first: adding to the one there would trust the system's authorities as well.
    X509_STORE* store = X509_STORE_new();
    for (const CertificatePtr& authority : material_->authorities)
      X509_STORE_add_cert(store, authority.get());
    SSL_CTX_set_cert_store(context, store);
  } else {
    add_system_bundle(context);
  }
  if (material_->key) {
    SSL_CTX_use_certificate(context, material_->chain.front().get());
    for (std::size_t i = 1; i < material_->chain.size(); ++i)
      SSL_CTX_add1_chain_cert(context, material_->chain[i].get());
    SSL_CTX_use_PrivateKey(context, material_->key.get());
  }
  if (insecure_) return;

  X509_VERIFY_PARAM* wanted = SSL_CTX_get0_param(context);
  if (is_ip_address(expected_name_)) {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, expected_name_.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(wanted, expected_name_.c_str(), expected_name_.size());
  }
  // As Go does: an intermediate authority that is named is trusted, though its own issuer is not known.
  X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_cert_verify_callback(
      context, [](X509_STORE_CTX* store, void* self) { return TlsProfile::verify(store, self); }, this);
}

int TlsProfile::verify(void* store_context, void* self) {
  auto* store = static_cast<X509_STORE_CTX*>(store_context);
  const int verified = X509_verify_cert(store);
  if (verified == 1) return verified;
  auto* profile = static_cast<TlsProfile*>(self);
  Rejection rejection;
  rejection.verify_error = X509_STORE_CTX_get_error(store);
  if (rejection.verify_error == X509_V_OK) rejection.verify_error = X509_V_ERR_UNSPECIFIED;
  rejection.reason = X509_verify_cert_error_string(rejection.verify_error);
  if (X509* leaf = X509_STORE_CTX_get0_cert(store)) rejection.names = names_of(leaf);
  const std::lock_guard lock{profile->mutex_};
  profile->rejection_ = std::move(rejection);
  return verified;
}

Rejection TlsProfile::rejection() const {
  const std::lock_guard lock{mutex_};
  return rejection_;
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 || inet_pton(AF_INET6, host.c_str(), parsed.data()) == 1;
}

}  // namespace migrate::http
