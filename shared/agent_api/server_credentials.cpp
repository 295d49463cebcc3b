#include "shared/agent_api/server_credentials.h"

#include <grpc/grpc.h>

namespace migrate::agent {

RenewableCredentials::RenewableCredentials(const TlsIdentity& identity) : fresh_(identity) {
  raw_ =
      grpc_ssl_server_credentials_create_with_options(grpc_ssl_server_credentials_create_options_using_config_fetcher(
          GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch, this));
}

RenewableCredentials::~RenewableCredentials() {
  grpc_server_credentials_release(raw_);
}

void RenewableCredentials::renew(const TlsIdentity& identity) {
  const std::lock_guard lock{mutex_};
  fresh_ = identity;
}

int RenewableCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), raw_);
}

grpc_ssl_certificate_config_reload_status RenewableCredentials::fetch(void* self,
                                                                      grpc_ssl_server_certificate_config** config) {
  auto& own = *static_cast<RenewableCredentials*>(self);
  const std::lock_guard lock{own.mutex_};
  if (!own.fresh_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair{own.fresh_->key_pem.c_str(), own.fresh_->certificate_pem.c_str()};
  *config = grpc_ssl_server_certificate_config_create(own.fresh_->ca_pem.c_str(), &pair, 1);
  own.fresh_.reset();
  return *config != nullptr ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
}

}  // namespace migrate::agent
