// How an agent reaches a registry: trusting whom its node trusts, and whom an order names beside.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "shared/agent_api/agent_api.h"
#include "shared/registry/repository.h"

namespace migrate::agent {

// A client for "https://HOST[:PORT]"; `ca_pem` are further authorities.
using ConnectRegistry =
    std::function<Result<std::shared_ptr<http::HttpClient>>(const std::string& base_url, const std::string& ca_pem)>;

// The authorities (PEM) that a node trusts for `base_url`: its system's, read from the first bundle that Linux
// distributions keep, and what its container runtime has for that registry in /etc/containerd/certs.d and
// /etc/docker/certs.d. `root` is the node's root folder as seen from here.
[[nodiscard]] std::string authorities_of(const std::filesystem::path& root, const std::string& base_url);

[[nodiscard]] ConnectRegistry registries_trusted_by(std::filesystem::path root);

// For one order. `by_runtime`: as the node's container runtime will reach it, which knows nothing of `ca_pem`.
[[nodiscard]] registry::Repository open_repository(const ConnectRegistry& connect, const RegistryAccess& access,
                                                   const Call& call, bool by_runtime = false);

// With what a person can do about it.
[[nodiscard]] AgentError agent_error_of(const registry::RegistryError& error, const RegistryAccess& access);

}  // namespace migrate::agent
