// Which cluster, user and namespace of a kubeconfig are meant, with the flags laid over them. Pure.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/kube/connection.h"
#include "shared/kube/kubeconfig.h"

namespace migrate::kube {

struct Choice {
  std::string context_name;  // each empty when nothing names one
  std::string cluster_name;
  std::string user_name;
  KubeconfigCluster cluster;
  KubeconfigUser user;
  std::string default_namespace;
};

// Fails when something is named that the kubeconfig does not have.
[[nodiscard]] Result<Choice> select(const Kubeconfig& kubeconfig, const ConfigFlags& flags);

// Lays the flags that change a cluster or a user over them.
[[nodiscard]] Result<void> apply(const ConfigFlags& flags, KubeconfigCluster& cluster, KubeconfigUser& user);

}  // namespace migrate::kube
