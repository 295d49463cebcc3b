// Forensic Container Checkpointing by the node's own kubelet, with the agent's service account (nodes/checkpoint).
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "shared/agent_api/agent_api.h"
#include "shared/base/host.h"
#include "shared/http_client/http_client.h"
#include "shared/migration/node_facts.h"

namespace migrate::agent {

class KubeletCheckpoints {
 public:
  virtual ~KubeletCheckpoints() = default;
  // The archive, a tar file, becomes `into`; nothing of it stays with the kubelet.
  [[nodiscard]] virtual Result<void> checkpoint(const PodRef& pod, const std::string& container,
                                                const std::filesystem::path& into, std::chrono::milliseconds timeout,
                                                const std::stop_token& stop) = 0;
  // Whether it would take such an order for that Pod, found out without one.
  [[nodiscard]] virtual Result<void> check(const PodRef& pod, std::chrono::milliseconds timeout,
                                           const std::stop_token& stop) = 0;
  // Whether it would take such an order of ours at all, found out with a Pod that cannot be.
  [[nodiscard]] virtual KubeletCheckpoint probe(std::chrono::milliseconds timeout, const std::stop_token& stop) = 0;
};

struct KubeletPlace {
  std::string node;  // its name, which its certificate carries
  std::string url = "https://127.0.0.1:10250";
  std::filesystem::path host_root;                    // the host's files as seen from here
  std::filesystem::path folder = "/var/lib/kubelet";  // on the host
  std::string token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  std::string cluster_ca = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
};

// Trusts the certificate that this node's kubelet signed for itself and keeps on the disk, and the cluster's authority.
class HttpsKubelet final : public KubeletCheckpoints {
 public:
  HttpsKubelet(KubeletPlace place, const FileReader& files) : place_(std::move(place)), files_(files) {}
  [[nodiscard]] Result<void> checkpoint(const PodRef& pod, const std::string& container,
                                        const std::filesystem::path& into, std::chrono::milliseconds timeout,
                                        const std::stop_token& stop) override;
  [[nodiscard]] Result<void> check(const PodRef& pod, std::chrono::milliseconds timeout,
                                   const std::stop_token& stop) override;
  [[nodiscard]] KubeletCheckpoint probe(std::chrono::milliseconds timeout, const std::stop_token& stop) override;

 private:
  [[nodiscard]] Result<std::string> authorities() const;
  [[nodiscard]] Result<http::HttpResponse> order(const PodRef& pod, const std::string& container,
                                                 std::chrono::milliseconds timeout, const std::stop_token& stop) const;
  KubeletPlace place_;
  const FileReader& files_;
};

// The archive's path in the kubelet's answer, {"items": [PATH]}.
[[nodiscard]] Result<std::string> parse_checkpoint_answer(const std::string& body);

}  // namespace migrate::agent
