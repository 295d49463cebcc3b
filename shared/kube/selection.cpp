#include "shared/kube/selection.h"

#include <fmt/format.h>

namespace migrate::kube {
namespace {

template <class Entry>
std::string does_not_exist(const char* kind, const std::string& name, const std::map<std::string, Entry>& known) {
  std::string names;
  for (const auto& [other, entry] : known)
    names += (names.empty() ? "" : ", ") + other;
  return fmt::format("{} \"{}\" does not exist; the kubeconfig has {}", kind, name, names.empty() ? "none" : names);
}

void replace_if_given(std::string& value, const std::string& flag) {
  if (!flag.empty()) value = flag;
}

}  // namespace

Result<Choice> select(const Kubeconfig& kubeconfig, const ConfigFlags& flags) {
  Choice selection;
  KubeconfigContext context;
  selection.context_name = flags.context.empty() ? kubeconfig.current_context : flags.context;
  if (!selection.context_name.empty()) {
    const auto found = kubeconfig.contexts.find(selection.context_name);
    if (found == kubeconfig.contexts.end())
      return failure(does_not_exist("context", selection.context_name, kubeconfig.contexts));
    context = found->second;
  }
  selection.default_namespace = flags.namespace_.empty() ? context.default_namespace : flags.namespace_;

  const std::string of_context = fmt::format("context \"{}\": ", selection.context_name);
  selection.cluster_name = flags.cluster.empty() ? context.cluster : flags.cluster;
  if (const auto found = kubeconfig.clusters.find(selection.cluster_name); found != kubeconfig.clusters.end())
    selection.cluster = found->second;
  else if (!flags.cluster.empty())
    return failure(does_not_exist("cluster", flags.cluster, kubeconfig.clusters));
  else if (!context.cluster.empty() && flags.server.empty())  // --server makes up for it
    return failure(of_context + does_not_exist("cluster", context.cluster, kubeconfig.clusters));

  // Going on as nobody would end in a puzzling "forbidden", unless the flags say who we are.
  const bool flags_identify = !flags.token.empty() || !flags.client_certificate.empty();
  selection.user_name = flags.user.empty() ? context.user : flags.user;
  if (const auto found = kubeconfig.users.find(selection.user_name); found != kubeconfig.users.end())
    selection.user = found->second;
  else if (!flags.user.empty())
    return failure(does_not_exist("user", flags.user, kubeconfig.users));
  else if (!context.user.empty() && !flags_identify)
    return failure(of_context + does_not_exist("user", context.user, kubeconfig.users));
  return selection;
}

Result<void> apply(const ConfigFlags& flags, KubeconfigCluster& cluster, KubeconfigUser& user) {
  // Another server has another certificate, so the kubeconfig's name for it no longer fits.
  if (!flags.server.empty() || !flags.tls_server_name.empty()) cluster.tls_server_name = flags.tls_server_name;
  replace_if_given(cluster.server, flags.server);
  if (flags.insecure_skip_tls_verify || !flags.certificate_authority.empty()) {
    cluster.insecure_skip_tls_verify = flags.insecure_skip_tls_verify;
    cluster.certificate_authority = flags.certificate_authority;
    cluster.certificate_authority_data.clear();
  }

  if (!flags.client_certificate.empty()) {
    user.client_certificate = flags.client_certificate;
    user.client_certificate_data.clear();
  }
  if (!flags.client_key.empty()) {
    user.client_key = flags.client_key;
    user.client_key_data.clear();
  }
  if (!flags.token.empty()) {
    user.token = flags.token;
    user.token_file.clear();  // would win over it
  }
  replace_if_given(user.impersonate, flags.as);
  replace_if_given(user.impersonate_uid, flags.as_uid);
  if (!flags.as_group.empty()) user.impersonate_groups = flags.as_group;
  std::map<std::string, std::vector<std::string>> extra;
  for (const std::string& pair : flags.as_user_extra) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return failure(fmt::format("--as-user-extra={}: not KEY=VALUE", pair));
    extra[pair.substr(0, equals)].push_back(pair.substr(equals + 1));
  }
  for (auto& [key, values] : extra)
    user.impersonate_extra[key] = std::move(values);
  return {};
}

}  // namespace migrate::kube
