#include "shared/registry/docker_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "shared/base/base64.h"

namespace migrate::registry {
namespace {

using Json = nlohmann::json;

// "https://index.docker.io/v1/" -> "docker.io"
std::string plain_key(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  while (key.ends_with('/'))
    key.remove_suffix(1);
  for (const std::string_view version : {"/v1", "/v2"})
    if (key.ends_with(version)) key.remove_suffix(version.size());
  if (key == "index.docker.io" || key == "registry-1.docker.io") return "docker.io";
  return std::string(key);
}

bool is_for(const std::string& key, const std::string& repository) {
  return !key.empty() && (repository == key || repository.starts_with(key + "/"));
}

std::string text_in(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Credentials> credentials_of(const Json& entry, const std::string& key) {
  if (!entry.is_object()) return failure(fmt::format("its entry {} is no object", key));
  Credentials read{text_in(entry, "username"), text_in(entry, "password")};
  if (!read.user.empty()) return read;
  const std::string packed = text_in(entry, "auth");
  const auto text = from_base64(packed);
  const auto colon = text ? text->find(':') : std::string::npos;
  if (packed.empty() || colon == std::string::npos)
    return failure(fmt::format("its entry {} has neither username and password nor auth with both in base64", key));
  return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

}  // namespace

Lookup<Credentials> credentials_in(const std::string& config, const std::string& repository) {
  const Json json = Json::parse(config, nullptr, /*allow_exceptions=*/false);
  const auto auths = json.is_object() ? json.find("auths") : json.end();
  if (!json.is_object() || auths == json.end() || !auths->is_object())
    return failure("it is no JSON object with the field auths");
  std::string best;
  const Json* entry = nullptr;
  for (const auto& [key, value] : auths->items()) {
    const std::string plain = plain_key(key);
    if (!is_for(plain, repository) || plain.size() < best.size()) continue;
    best = plain;
    entry = &value;
  }
  if (entry == nullptr) return std::nullopt;
  auto read = credentials_of(*entry, best);
  if (!read) return tl::make_unexpected(read.error());
  return std::optional{std::move(*read)};
}

}  // namespace migrate::registry
