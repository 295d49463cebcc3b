// Where the agent finds and keeps things on its node. Every migration has a folder of its own, for root alone.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace migrate::agent {

struct Places {
  std::filesystem::path state;             // /var/lib/kubectl-migrate on the host
  std::filesystem::path pods;              // the kubelet's: PODS/UID/volumes/…
  std::filesystem::path runtime_log = {};  // migrate-runc's, as seen from here

  [[nodiscard]] std::filesystem::path sources() const { return state / "sources"; }
  [[nodiscard]] std::filesystem::path source(const std::string& migration) const { return sources() / migration; }
  [[nodiscard]] std::filesystem::path targets() const { return state / "targets"; }
  [[nodiscard]] std::filesystem::path target(const std::string& migration) const { return targets() / migration; }
  // migrate-runc's, node/runtime/decision.h.
  [[nodiscard]] std::filesystem::path restores() const { return state / "restores"; }
  [[nodiscard]] std::filesystem::path restore(const std::string& pod_uid) const { return restores() / pod_uid; }
  // Up to which term orders for a migration came; outlives the migration for a day.
  [[nodiscard]] std::filesystem::path terms() const { return state / "terms"; }
  [[nodiscard]] std::filesystem::path empty_dir(const std::string& pod_uid, const std::string& volume) const {
    return pods / pod_uid / "volumes/kubernetes.io~empty-dir" / volume;
  }
  // By the kubelet's folders; what cannot be looked at is perhaps. Neither does their absence tell anything: k0s and
  // microk8s have them elsewhere.
  [[nodiscard]] bool may_hold(const std::string& pod_uid) const {
    std::error_code code;
    if (!std::filesystem::exists(pods, code)) return true;
    return std::filesystem::exists(pods / pod_uid, code) || code;
  }
};

}  // namespace migrate::agent
