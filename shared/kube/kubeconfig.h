// Kubeconfig files: which are read, how several become one. The rules are client-go's (tools/clientcmd/loader.go).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/host.h"
#include "shared/base/result.h"

namespace migrate::kube {

// As they stand in the files, with relative paths resolved and *-data decoded. Empty: not given.
struct KubeconfigCluster {
  std::string server;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  std::string certificate_authority;
  std::string certificate_authority_data;
  std::string proxy_url;
  std::string exec_config;  // JSON of the extension client.authentication.k8s.io/exec
  bool operator==(const KubeconfigCluster&) const = default;
};

struct KubeconfigExec {
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string api_version;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string interactive_mode;
  bool operator==(const KubeconfigExec&) const = default;
};

struct KubeconfigUser {
  std::string client_certificate;
  std::string client_certificate_data;
  std::string client_key;
  std::string client_key_data;
  std::string token;
  std::string token_file;
  std::string username;
  std::string password;
  std::string impersonate;
  std::string impersonate_uid;
  std::vector<std::string> impersonate_groups;
  std::map<std::string, std::vector<std::string>> impersonate_extra;
  std::string auth_provider;  // its name
  std::optional<KubeconfigExec> exec;
  bool operator==(const KubeconfigUser&) const = default;
};

struct KubeconfigContext {
  std::string cluster;
  std::string user;
  std::string default_namespace;
  bool operator==(const KubeconfigContext&) const = default;
};

struct Kubeconfig {
  std::map<std::string, KubeconfigCluster> clusters;
  std::map<std::string, KubeconfigUser> users;
  std::map<std::string, KubeconfigContext> contexts;
  std::string current_context;
  bool operator==(const Kubeconfig&) const = default;
};

struct KubeconfigFiles {
  enum class Missing { is_error, is_skipped };
  std::vector<std::string> paths;
  Missing missing = Missing::is_skipped;
  bool operator==(const KubeconfigFiles&) const = default;
};

// --kubeconfig (`flag`, empty when not given) means that file alone; else $KUBECONFIG names a list; else it is
// ~/.kube/config.
[[nodiscard]] KubeconfigFiles kubeconfig_files(const std::string& flag, const Environment& environment);

// One file's text; `path` is where it stands, for relative paths.
[[nodiscard]] Result<Kubeconfig> parse_kubeconfig(const std::string& text, const std::string& path);

// The first file that names a cluster, user, context or the current context has the word; entries are taken whole.
[[nodiscard]] Kubeconfig merged(Kubeconfig first, const Kubeconfig& second);

// All of them; empty when none is there.
[[nodiscard]] Result<Kubeconfig> load_kubeconfig(const KubeconfigFiles& where, const FileReader& files);

}  // namespace migrate::kube
