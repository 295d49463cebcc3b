// How to reach an API server and as whom: what a kubeconfig, a Pod's service account or flags come down to.
// Plain values; loading them is kubeconfig.h's and in_cluster.h's affair, using them client.h's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace migrate::kube {

// PEM texts, never file names: files are read when the configuration is loaded.
struct ClientCertificate {
  std::string certificate_pem;
  std::string key_pem;
  bool operator==(const ClientCertificate&) const = default;
};

struct TlsOptions {
  std::optional<std::string> ca_pem;  // replaces the system's authorities; unset: the system's
  bool insecure_skip_verify = false;
  std::string server_name;  // for SNI and verification, in place of the URL's host; empty: the URL's host
};

// Whom to act as (the Impersonate-* headers). Nobody when user is empty.
struct Impersonation {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

// An exec credential plugin, as a kubeconfig describes it (client.authentication.k8s.io/v1 and v1beta1).
struct ExecPlugin {
  enum class Interactive { never, if_available, always };
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string api_version;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string cluster_config;  // JSON for the plugin, when it is told of the cluster; empty: none
  Interactive interactive = Interactive::if_available;
};

// As read; what wins over what is credentials.h's affair.
struct AuthInfo {
  std::optional<ClientCertificate> certificate;
  std::string token;
  std::string token_file;  // read anew now and then; wins over token while it can be read
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;
};

struct ConnectionConfig {
  std::string server;  // https://host:port, perhaps with a path prefix; no slash at the end
  TlsOptions tls;
  std::string proxy_url;  // empty: none (HTTPS_PROXY and NO_PROXY are already taken into account)
  AuthInfo auth;
  Impersonation impersonate;
  std::string default_namespace = "default";
};

}  // namespace migrate::kube
