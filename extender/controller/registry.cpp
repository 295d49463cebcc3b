#include "extender/controller/registry.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "shared/base/base64.h"
#include "shared/registry/docker_config.h"

namespace migrate::controller {
namespace {

constexpr const char* kReason = "RegistrySecret";

std::string enable_advice(const Migration& migration) {
  return fmt::format(
      "kubectl migrate enable -n {} --registry-secret {}, with the --broker-secret that was allowed before",
      migration.namespace_, migration.spec.registry_secret);
}

}  // namespace

bool is_via_registry(const Migration& migration) {
  return migration.spec.transfer == TransferWay::registry && !is_local(migration);
}

Result<agent::RegistryAccess> registry_access_in(const Json& secret, const std::string& repository) {
  const std::string type = text_at(secret, {"type"});
  if (type != registry::kSecretType)
    return failure(fmt::format("it is of type {}, not {}; make one with kubectl create secret docker-registry",
                               type.empty() ? "Opaque" : type, registry::kSecretType));
  const auto config = from_base64(text_at(secret, {"data", registry::kSecretKey}));
  if (!config) return failure(fmt::format("its key {} is not base64", registry::kSecretKey));
  const auto found = registry::credentials_in(*config, repository);
  if (!found) return failure(fmt::format("its key {}: {}", registry::kSecretKey, found.error().message));
  if (!*found)
    return failure(
        fmt::format("it has no credentials for {}; make one with kubectl create secret docker-registry NAME "
                    "--docker-server={} --docker-username=… --docker-password=…",
                    repository, repository.substr(0, repository.find('/'))));
  const auto authority = from_base64(text_at(secret, {"data", "ca.crt"}));
  return agent::RegistryAccess{repository, (*found)->user, (*found)->password, authority.value_or("")};
}

Attempt<agent::RegistryAccess> registry_access(Hop& hop, const Limits& limits) {
  const Migration& migration = hop.migration();
  const std::string& name = migration.spec.registry_secret;
  if (name.empty()) return agent::RegistryAccess{migration.spec.registry, "", "", ""};
  const auto path = kube::core("secrets", migration.namespace_, name);
  std::string forbidden;
  auto secret =
      Pods{hop}.call<std::optional<Json>>("read " + describe(path), limits, [&](const kube::CallOptions& options) {
        auto answer = hop.world().client.get(path, options);
        if (answer || answer.error().kind != kube::ApiError::Kind::forbidden) return answer;
        forbidden = answer.error().text();
        return kube::ApiResult<std::optional<Json>>{std::nullopt};
      });
  if (!secret) return tl::make_unexpected(secret.error());
  if (!forbidden.empty())
    return give_up(Event::failed, kReason,
                   fmt::format("the controller may not read {}, the registry's: {}; allow it: {}", describe(path),
                               forbidden, enable_advice(migration)));
  if (!*secret)
    return give_up(Event::failed, kReason,
                   fmt::format("{} in namespace {}, the registry's, does not exist; make it with kubectl create secret "
                               "docker-registry",
                               describe(path), migration.namespace_));
  auto access = registry_access_in(**secret, migration.spec.registry);
  if (!access) return give_up(Event::failed, kReason, fmt::format("{}: {}", describe(path), access.error().message));
  return std::move(*access);
}

Outcome check_registry(Hop& hop, const std::string& node, const Limits& limits) {
  const auto refused = [](Outcome outcome) {
    if (outcome.event == Event::failed || outcome.event == Event::deadline) outcome.event = Event::refused;
    return outcome;
  };
  const auto access = registry_access(hop, limits);
  if (!access) return refused(access.error());
  const auto checked = hop.ask<void>(node, "try the registry " + access->repository, "Registry", limits,
                                     [&](agent::AgentApi& agent, const agent::Call& call) {
                                       return agent.check_registry(hop.order(), *access, call);
                                     });
  if (!checked) return refused(checked.error());
  return {};
}

Attempt<std::vector<agent::PushedImage>> push_archives(Hop& hop, const agent::PushOrder& order, const Limits& limits) {
  return hop.ask<std::vector<agent::PushedImage>>(
      hop.status().source.node, "push the archives to " + order.registry.repository, "TransferFailed", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.push(hop.order(), order, call); });
}

bool withdraw_images(Hop& hop, const Limits& limits) {
  if (!is_via_registry(hop.migration()) || hop.status().source.node.empty()) return true;
  // Without credentials the registry says what it thinks of that, and the user is told.
  const auto access = registry_access(hop, limits);
  if (!access && access.error().event == Event::left) return false;
  const agent::RegistryAccess with = access.value_or(agent::RegistryAccess{hop.migration().spec.registry, "", "", ""});
  const auto left = hop.ask<std::vector<std::string>>(
      hop.status().source.node, "delete what was pushed to " + with.repository, "WithdrawFailed", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.withdraw(hop.order(), with, call); });
  if (!left) return false;
  for (const std::string& line : *left)
    hop.status().warnings.push_back(line + "; delete it there");
  return true;
}

}  // namespace migrate::controller
