#include "node/agent/registry_link.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>

#include "node/container_runtime/host_files.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;
using Kind = registry::RegistryError::Kind;

// Debian and Alpine, Fedora and RHEL, openSUSE, others.
constexpr std::array<const char*, 5> kBundles{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                              "/etc/ssl/ca-bundle.pem",
                                              "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"};
constexpr std::array<const char*, 2> kRegistryFolders{"/etc/containerd/certs.d", "/etc/docker/certs.d"};
constexpr const char* kBegin = "-----BEGIN CERTIFICATE-----";

std::string read_pem(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (text.find(kBegin) == std::string::npos) return "";
  if (text.back() != '\n') text += '\n';
  return text;
}

}  // namespace

std::string authorities_of(const fs::path& root, const std::string& base_url) {
  std::string all;
  for (const char* bundle : kBundles)
    if (all.empty()) all = read_pem(node::below_root(root, bundle));
  const std::string host = base_url.substr(base_url.find("//") + 2);
  for (const char* folder : kRegistryFolders) {
    std::error_code code;
    for (fs::directory_iterator walk{node::below_root(root, fs::path(folder) / host), code};
         !code && walk != fs::directory_iterator{}; walk.increment(code)) {
      const std::string kind = walk->path().extension().string();
      if (kind == ".crt" || kind == ".pem")
        all += read_pem(node::below_root(root, fs::path(folder) / host / walk->path().filename()));
    }
  }
  return all;
}

ConnectRegistry registries_trusted_by(fs::path root) {
  return [root = std::move(root)](const std::string& base_url, const std::string& ca_pem) {
    http::HttpClientOptions options;
    options.base_url = base_url;
    options.tls.ca_pem = authorities_of(root, base_url) + ca_pem;
    return http::make_http_client(options);
  };
}

registry::Repository open_repository(const ConnectRegistry& connect, const RegistryAccess& access, const Call& call,
                                     bool by_runtime) {
  const std::string ca_pem = by_runtime ? "" : access.ca_pem;
  return {{access.repository, access.user, access.password},
          [connect, ca_pem](const std::string& base_url) -> Result<std::shared_ptr<http::HttpClient>> {
            if (!connect) return failure("this agent reaches no registries");
            return connect(base_url, ca_pem);
          },
          {std::chrono::steady_clock::now() + call.timeout, call.stop}};
}

AgentError agent_error_of(const registry::RegistryError& error, const RegistryAccess& access) {
  const std::string host = access.repository.substr(0, access.repository.find('/'));
  std::string advice;
  AgentError::Kind kind = AgentError::Kind::failed;
  switch (error.kind) {
    case Kind::not_let_in:
      kind = AgentError::Kind::refused;
      advice = access.user.empty()
                   ? "; it was asked without credentials: name a Secret with some by --registry-secret"
                   : fmt::format(
                         "; it was asked as user {}: see the Secret of --registry-secret, and whether that user "
                         "may pull from and push to {}",
                         access.user, access.repository);
      break;
    case Kind::not_trusted:
      kind = AgentError::Kind::refused;
      advice = fmt::format(
          "; put the certificate of its authority among the node's (or into /etc/containerd/certs.d/{}/"
          "ca.crt, or, where only agents use the registry, into the key ca.crt of the Secret of "
          "--registry-secret)",
          host);
      break;
    case Kind::cancelled:
      kind = AgentError::Kind::cancelled;
      break;
    case Kind::unreachable:
      advice = "; is it up, and does this node reach it?";
      break;
    case Kind::altered:
    case Kind::refused:
      break;
  }
  return {kind, error.message + advice};
}

}  // namespace migrate::agent
