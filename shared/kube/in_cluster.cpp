#include "shared/kube/in_cluster.h"

#include "shared/base/text.h"
#include "shared/kube/url.h"

namespace migrate::kube {
namespace {

constexpr const char* kTokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";
constexpr const char* kAuthorityFile = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
constexpr const char* kNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

}  // namespace

Lookup<InCluster> find_in_cluster(const Environment& environment, const FileReader& files) {
  const std::string host = environment.variable("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = environment.variable("KUBERNETES_SERVICE_PORT").value_or("");
  if (host.empty() || port.empty()) return std::nullopt;
  const auto within = [](const Error& error) {
    return tl::make_unexpected(error.within("use the Pod's service account"));
  };
  const auto token = files.read(kTokenFile);
  if (!token) return within(token.error());
  if (!token->has_value()) return std::nullopt;

  InCluster found;
  found.cluster.server = Url{"https", "", host, port, ""}.text();
  found.user.token_file = kTokenFile;
  // Without it the system's authorities count.
  const auto authority = files.read(kAuthorityFile);
  if (!authority) return within(authority.error());
  if (authority->has_value()) found.cluster.certificate_authority = kAuthorityFile;

  found.default_namespace = environment.variable("POD_NAMESPACE").value_or("");
  if (found.default_namespace.empty()) {
    const auto name = files.read(kNamespaceFile);
    if (!name) return within(name.error());
    found.default_namespace = trimmed(name->value_or(""));
  }
  return found;
}

}  // namespace migrate::kube
