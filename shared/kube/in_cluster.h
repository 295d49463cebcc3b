// The configuration every Pod is given: environment variables and its service account's files.
#pragma once

#include <string>

#include "shared/base/host.h"
#include "shared/base/result.h"
#include "shared/kube/kubeconfig.h"

namespace migrate::kube {

// As a kubeconfig would say it, so that flags apply to it alike.
struct InCluster {
  KubeconfigCluster cluster;
  KubeconfigUser user;
  std::string default_namespace;
};

// Nothing outside of a Pod: when KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT or the token file is missing.
[[nodiscard]] Lookup<InCluster> find_in_cluster(const Environment& environment, const FileReader& files);

}  // namespace migrate::kube
