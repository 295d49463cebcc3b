#include "test/unit/fake_server/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "shared/base/freer.h"

namespace migrate::test {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const BioPtr bio{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const BioPtr bio{BIO_new(BIO_s_mem())};
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  if (extension == nullptr) throw std::runtime_error("no such extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Days around now, and everything but extensions and signature.
CertificatePtr draft(const std::string& name, EVP_PKEY* key, long from_days, long to_days) {
  static long serial = 1;
  CertificatePtr certificate{X509_new()};
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  constexpr long kDay = 24L * 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to_days * kDay);
  X509_set_pubkey(certificate.get(), key);
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, bytes, -1, -1, 0);
  return certificate;
}

}  // namespace

struct Authority::Impl {
  KeyPtr key{EVP_EC_gen("P-256")};
  CertificatePtr certificate;

  [[nodiscard]] Pem sign(const std::string& name, const std::string& usage, const std::string& names, long from,
                         long to) const {
    const KeyPtr own{EVP_EC_gen("P-256")};
    const CertificatePtr leaf = draft(name, own.get(), from, to);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate.get()));
    extend(leaf.get(), certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    extend(leaf.get(), certificate.get(), NID_ext_key_usage, usage);
    if (!names.empty()) extend(leaf.get(), certificate.get(), NID_subject_alt_name, names);
    X509_sign(leaf.get(), key.get(), EVP_sha256());
    return {pem_of(leaf.get()), pem_of(own.get())};
  }
};

Authority::Authority(const std::string& name) : impl_(std::make_unique<Impl>()) {
  impl_->certificate = draft(name, impl_->key.get(), -400, 400);
  X509* own = impl_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(own, impl_->key.get(), EVP_sha256());
  pem_ = pem_of(own);
}

Authority::~Authority() = default;

Pem Authority::server(const std::vector<std::string>& names, Validity validity) const {
  std::string joined;
  for (const std::string& name : names)
    joined += (joined.empty() ? "" : ",") + name;
  const long from = validity == Validity::not_yet ? 10 : -20;
  const long to = validity == Validity::expired ? -10 : 20;
  return impl_->sign("server", "serverAuth", joined, from, to);
}

Pem Authority::client(const std::string& common_name) const {
  return impl_->sign(common_name, "clientAuth", "", -20, 20);
}

}  // namespace migrate::test
