// A gRPC server's TLS identity that can be renewed while it serves. Internal to shared/agent_api: it includes gRPC.
#pragma once

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <mutex>
#include <optional>
#include <string>

#include "shared/agent_api/remote_agent.h"

namespace migrate::agent {

// gRPC's C library asks for the certificate at every handshake; its C++ side offers that from files only.
class RenewableCredentials final : public grpc::ServerCredentials {
 public:
  explicit RenewableCredentials(const TlsIdentity& identity);
  ~RenewableCredentials() override;
  RenewableCredentials(const RenewableCredentials&) = delete;
  RenewableCredentials& operator=(const RenewableCredentials&) = delete;

  void renew(const TlsIdentity& identity);

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status fetch(void* self, grpc_ssl_server_certificate_config** config);

  std::mutex mutex_;
  std::optional<TlsIdentity> fresh_;  // not asked for yet
  grpc_server_credentials* raw_ = nullptr;
};

}  // namespace migrate::agent
