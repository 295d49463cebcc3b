// From flags, kubeconfig files, environment and service account to one ConnectionConfig, as kubectl would choose it.
#pragma once

#include <string>
#include <vector>

#include "shared/base/host.h"
#include "shared/base/result.h"
#include "shared/kube/config.h"

namespace migrate::kube {

// kubectl's flags of these names; empty: not given.
struct ConfigFlags {
  std::string kubeconfig;
  std::string context;
  std::string cluster;
  std::string user;
  std::string namespace_;
  std::string server;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  std::string certificate_authority;
  std::string client_certificate;
  std::string client_key;
  std::string token;
  std::string as;
  std::string as_uid;
  std::vector<std::string> as_group;
  std::vector<std::string> as_user_extra;  // KEY=VALUE each
};

// A flag beats the kubeconfig; a Pod's service account is used only when neither says which server. Certificates are
// read here, token files and plugins later (credential_source.h). A plain http:// server is shown no credential.
[[nodiscard]] Result<ConnectionConfig> load_connection(const ConfigFlags& flags, const Environment& environment,
                                                       const FileReader& files);

}  // namespace migrate::kube
