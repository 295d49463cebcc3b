#include "shared/kube/connection.h"

#include <fmt/format.h>

#include "shared/kube/in_cluster.h"
#include "shared/kube/proxy.h"
#include "shared/kube/selection.h"
#include "shared/kube/url.h"

namespace migrate::kube {
namespace {

// "user \"me\"", or just "user" when it has no name.
std::string object(const char* kind, const std::string& name) {
  return name.empty() ? kind : fmt::format("{} \"{}\"", kind, name);
}

// The data form wins over the file form. Nothing when neither is given.
Lookup<std::string> pem(const std::string& data, const std::string& path, const char* key, const FileReader& files) {
  if (data.empty() && path.empty()) return std::nullopt;
  std::string text = data;
  std::string where = fmt::format("{}-data", key);
  if (data.empty()) {
    where = key;
    auto content = files.read(path);
    if (!content) return tl::make_unexpected(content.error().within(where));
    if (!content->has_value()) return failure(fmt::format("{}: read {}: there is no such file", where, path));
    text = std::move(**content);
    where += " " + path;
  }
  if (text.find("-----BEGIN ") == std::string::npos) return failure(fmt::format("{}: not in PEM form", where));
  return text;
}

Result<TlsOptions> tls_of(const KubeconfigCluster& cluster, const FileReader& files) {
  TlsOptions tls;
  tls.insecure_skip_verify = cluster.insecure_skip_tls_verify;
  tls.server_name = cluster.tls_server_name;
  auto authority =
      pem(cluster.certificate_authority_data, cluster.certificate_authority, "certificate-authority", files);
  if (!authority) return tl::make_unexpected(authority.error());
  if (authority->has_value() && tls.insecure_skip_verify)
    return failure("certificate-authority and insecure-skip-tls-verify contradict each other: give one of them");
  tls.ca_pem = std::move(*authority);
  return tls;
}

Result<ExecPlugin> plugin_of(const KubeconfigExec& exec, const std::string& cluster_config) {
  constexpr const char* v1 = "client.authentication.k8s.io/v1";
  constexpr const char* v1beta1 = "client.authentication.k8s.io/v1beta1";
  if (exec.command.empty()) return failure("exec: command is missing");
  if (exec.api_version != v1 && exec.api_version != v1beta1)
    return failure(fmt::format("exec: apiVersion is \"{}\" but must be {} or {}", exec.api_version, v1, v1beta1));
  for (const auto& [name, value] : exec.env)
    if (name.empty()) return failure("exec: a variable in env has no name");

  ExecPlugin plugin{.command = exec.command,
                    .args = exec.args,
                    .env = exec.env,
                    .api_version = exec.api_version,
                    .install_hint = exec.install_hint,
                    .provide_cluster_info = exec.provide_cluster_info,
                    .cluster_config = cluster_config,
                    .interactive = ExecPlugin::Interactive::if_available};
  if (exec.interactive_mode == "Never") {
    plugin.interactive = ExecPlugin::Interactive::never;
  } else if (exec.interactive_mode == "Always") {
    plugin.interactive = ExecPlugin::Interactive::always;
  } else if (exec.interactive_mode != "IfAvailable" && (!exec.interactive_mode.empty() || exec.api_version == v1)) {
    // v1beta1 is older than the mode, and may leave it out.
    return failure(
        fmt::format("exec: interactiveMode is \"{}\" but must be Never, IfAvailable or Always", exec.interactive_mode));
  }
  return plugin;
}

Lookup<ClientCertificate> certificate_of(const KubeconfigUser& user, const FileReader& files) {
  auto certificate = pem(user.client_certificate_data, user.client_certificate, "client-certificate", files);
  if (!certificate) return tl::make_unexpected(certificate.error());
  if (!certificate->has_value()) return std::nullopt;
  auto key = pem(user.client_key_data, user.client_key, "client-key", files);
  if (!key) return tl::make_unexpected(key.error());
  if (!key->has_value()) return failure("client-certificate needs a client-key (or client-key-data)");
  return ClientCertificate{std::move(**certificate), std::move(**key)};
}

Result<AuthInfo> auth_of(const KubeconfigUser& user, const KubeconfigCluster& cluster, const FileReader& files) {
  AuthInfo auth;
  auto certificate = certificate_of(user, files);
  if (!certificate) return tl::make_unexpected(certificate.error());
  auth.certificate = std::move(*certificate);
  auth.token = user.token;
  auth.token_file = user.token_file;
  auth.username = user.username;
  auth.password = user.password;
  const bool has_token = !auth.token.empty() || !auth.token_file.empty();
  const bool has_password = !auth.username.empty() || !auth.password.empty();
  if (has_token && has_password) return failure("has a token and a username or password: give one of them");
  if (user.exec) {
    auto plugin = plugin_of(*user.exec, cluster.exec_config);
    if (!plugin) return tl::make_unexpected(plugin.error());
    auth.exec = std::move(*plugin);
  }
  if (!user.auth_provider.empty() && !has_token && !has_password && !auth.certificate && !auth.exec)
    return failure(
        fmt::format("auth-provider \"{}\" is not supported: use an exec plugin or a token", user.auth_provider));
  return auth;
}

Result<Impersonation> impersonation_of(const KubeconfigUser& user) {
  if (user.impersonate.empty() &&
      (!user.impersonate_uid.empty() || !user.impersonate_groups.empty() || !user.impersonate_extra.empty()))
    return failure("requesting uid, groups or user-extra without impersonating a user: add --as=USER (or \"as\")");
  return Impersonation{user.impersonate, user.impersonate_uid, user.impersonate_groups, user.impersonate_extra};
}

// With no scheme, what is known about TLS tells which one is meant.
Result<Url> server_of(const KubeconfigCluster& cluster, const KubeconfigUser& user) {
  const bool means_tls = cluster.insecure_skip_tls_verify || !cluster.certificate_authority.empty() ||
                         !cluster.certificate_authority_data.empty() || !user.client_certificate.empty() ||
                         !user.client_certificate_data.empty();
  auto url = parse_url_or_host(cluster.server, means_tls ? "https" : "http");
  if (!url) return tl::make_unexpected(url.error().within("server"));
  if (url->scheme != "http" && url->scheme != "https")
    return failure(fmt::format("server: {}:// is not a way to an API server, https:// is", url->scheme));
  return url;
}

Result<ConnectionConfig> build(const Choice& chosen, const Environment& environment, const FileReader& files) {
  const std::string cluster = object("cluster", chosen.cluster_name);
  const std::string user = object("user", chosen.user_name);
  ConnectionConfig config;
  if (chosen.cluster.server.empty() && chosen.cluster_name.empty())
    return failure(
        fmt::format("{} names no cluster: add one, or give --cluster", object("context", chosen.context_name)));
  if (chosen.cluster.server.empty())
    return failure(fmt::format("{} has no server: add one, or give --server", cluster));
  const auto url = server_of(chosen.cluster, chosen.user);
  if (!url) return tl::make_unexpected(url.error().within(cluster));
  config.server = url->text();
  auto proxy = proxy_for(*url, chosen.cluster.proxy_url, environment);
  if (!proxy) return tl::make_unexpected(proxy.error().within(cluster));
  config.proxy_url = std::move(*proxy);
  auto impersonation = impersonation_of(chosen.user);
  if (!impersonation) return tl::make_unexpected(impersonation.error().within(user));
  config.impersonate = std::move(*impersonation);
  if (!chosen.default_namespace.empty()) config.default_namespace = chosen.default_namespace;

  // Anybody on the way could read a credential sent in the clear.
  if (url->scheme != "https") return config;
  auto tls = tls_of(chosen.cluster, files);
  if (!tls) return tl::make_unexpected(tls.error().within(cluster));
  config.tls = std::move(*tls);
  auto auth = auth_of(chosen.user, chosen.cluster, files);
  if (!auth) return tl::make_unexpected(auth.error().within(user));
  config.auth = std::move(*auth);
  return config;
}

Error nothing_chosen(const Kubeconfig& kubeconfig, const KubeconfigFiles& where) {
  std::string looked_at;
  for (const std::string& path : where.paths)
    looked_at += (looked_at.empty() ? "" : ", ") + path;
  if (looked_at.empty()) looked_at = "nowhere, as $HOME is not set";
  if (kubeconfig.contexts.empty())
    return {fmt::format("no cluster is configured (looked at: {}): set $KUBECONFIG, or give --kubeconfig or --server",
                        looked_at)};
  std::string names;
  for (const auto& [name, context] : kubeconfig.contexts)
    names += (names.empty() ? "" : ", ") + name;
  return {
      fmt::format("no context is chosen in {}: give --context (one of: {}), or set one with "
                  "\"kubectl config use-context\"",
                  looked_at, names)};
}

}  // namespace

Result<ConnectionConfig> load_connection(const ConfigFlags& flags, const Environment& environment,
                                         const FileReader& files) {
  const KubeconfigFiles where = kubeconfig_files(flags.kubeconfig, environment);
  const auto kubeconfig = load_kubeconfig(where, files);
  if (!kubeconfig) return tl::make_unexpected(kubeconfig.error());
  auto chosen = select(*kubeconfig, flags);
  if (!chosen) return tl::make_unexpected(chosen.error());

  auto pod = find_in_cluster(environment, files);
  if (chosen->cluster == KubeconfigCluster{} && flags.server.empty()) {
    if (!pod) return tl::make_unexpected(pod.error());
    if (pod->has_value()) {
      chosen->cluster = (*pod)->cluster;
      if (flags.user.empty()) chosen->user = (*pod)->user;
    } else if (chosen->context_name.empty() && chosen->cluster_name.empty()) {
      return tl::make_unexpected(nothing_chosen(*kubeconfig, where));
    }
  }
  // As kubectl has it: in a Pod its namespace is the default, even for a kubeconfig that names none.
  if (chosen->default_namespace.empty() && pod && pod->has_value())
    chosen->default_namespace = (*pod)->default_namespace;
  if (auto applied = apply(flags, chosen->cluster, chosen->user); !applied) return tl::make_unexpected(applied.error());
  return build(*chosen, environment, files);
}

}  // namespace migrate::kube
