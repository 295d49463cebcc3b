#include "extender/authority/authority.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/base/base64.h"
#include "shared/kube/field.h"

namespace migrate::authority {
namespace {

using kube::Json;

Error about_secret(const std::string& namespace_, const std::string& what) {
  return {
      fmt::format("Secret {}/{} is no authority: {}. It was not replaced, because certificates of it are in use: "
                  "repair it, or delete it: another one is then made, and agents ask for new certificates",
                  namespace_, kAuthorityName, what)};
}

Result<certificates::KeyPair> read_secret(const Json& secret, const std::string& namespace_, Instant now) {
  kube::FirstProblem problem;
  const kube::Field data = kube::Field{secret, problem}["data"];
  certificates::KeyPair pair{data["tls.crt"].base64(), data["tls.key"].base64()};
  if (problem.error()) return tl::make_unexpected(about_secret(namespace_, problem.error()->message));
  // Whether it signs is found out by signing.
  if (const auto tried = certificates::issue(pair, controller_subject(), now); !tried)
    return tl::make_unexpected(about_secret(namespace_, tried.error().message));
  return pair;
}

Json secret_of(const certificates::KeyPair& pair, const std::string& namespace_) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"type", "kubernetes.io/tls"},
          {"metadata", {{"name", kAuthorityName}, {"namespace", namespace_}}},
          {"data", {{"tls.crt", to_base64(pair.certificate_pem)}, {"tls.key", to_base64(pair.key_pem)}}}};
}

}  // namespace

Result<certificates::KeyPair> ensure_authority(kube::Client& client, const std::string& namespace_, Instant now,
                                               const kube::CallOptions& call) {
  const kube::ResourcePath path = kube::core("secrets", namespace_, kAuthorityName);
  auto existing = client.get(path, call);
  if (!existing) return tl::make_unexpected(existing.error().as_error());
  if (*existing) return read_secret(**existing, namespace_, now);

  auto made = certificates::make_authority(now);
  if (!made) return made;
  const auto created = client.create(path.collection(), secret_of(*made, namespace_), {}, call);
  if (created) return made;
  if (created.error().kind != kube::ApiError::Kind::already_exists)
    return tl::make_unexpected(created.error().as_error());
  // Another replica was quicker.
  existing = client.get(path, call);
  if (!existing) return tl::make_unexpected(existing.error().as_error());
  if (!*existing)
    return failure(fmt::format("Secret {}/{} was deleted as soon as it was made", namespace_, kAuthorityName));
  return read_secret(**existing, namespace_, now);
}

Result<void> publish_authority(kube::Client& client, const std::string& namespace_, const std::string& certificate_pem,
                               const kube::CallOptions& call) {
  const Json config_map = {{"apiVersion", "v1"},
                           {"kind", "ConfigMap"},
                           {"metadata", {{"name", kAuthorityName}, {"namespace", namespace_}}},
                           {"data", {{kAuthorityKey, certificate_pem}}}};
  kube::WriteOptions write;
  write.force = kube::Force::yes;
  const auto applied = client.apply(kube::core("configmaps", namespace_, kAuthorityName), config_map, write, call);
  if (!applied) return tl::make_unexpected(applied.error().as_error());
  return {};
}

certificates::Subject server_subject(const std::string& namespace_) {
  return {
      "extender",
      {"localhost", "migrate-extender", "migrate-extender." + namespace_, "migrate-extender." + namespace_ + ".svc"},
      {"127.0.0.1"}};
}

certificates::Subject controller_subject() {
  return {"controller", {}, {}};
}

}  // namespace migrate::authority
