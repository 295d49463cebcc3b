#include "node/container_runtime/cold_image.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/image/checkpoint_manifest.h"
#include "shared/image/digest.h"

namespace migrate::node {
namespace {

using Json = nlohmann::json;

constexpr const char* kLabel = "dev.kubectl-migrate.stands-for";

Json parsed(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::string text_in(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

Result<std::string> manifest_for(std::string_view index_or_manifest, std::string_view architecture) {
  const Json json = parsed(index_or_manifest);
  if (!json.is_object()) return failure("the image is neither an index nor a manifest");
  const auto manifests = json.find("manifests");
  if (manifests == json.end() || !manifests->is_array()) return std::string{};
  for (const Json& one : *manifests) {
    const auto platform = one.is_object() ? one.find("platform") : one.end();
    if (!one.is_object() || platform == one.end()) continue;
    if (text_in(*platform, "os") == "linux" && text_in(*platform, "architecture") == architecture)
      return text_in(one, "digest");
  }
  return failure(fmt::format("the image has no manifest for linux/{}", architecture));
}

Result<std::string> config_digest_of(std::string_view manifest) {
  const Json json = parsed(manifest);
  const auto config = json.is_object() ? json.find("config") : json.end();
  std::string digest = json.is_object() && config != json.end() ? text_in(*config, "digest") : "";
  if (digest.empty()) return failure("the image's manifest names no config");
  return digest;
}

Result<ColdImage> cold_image(std::string_view manifest, std::string_view config, std::string_view reference) {
  Json new_config = parsed(config);
  Json new_manifest = parsed(manifest);
  if (!new_config.is_object() || !new_manifest.is_object() || !new_manifest.contains("config") ||
      !new_manifest["config"].is_object())
    return failure("the image's manifest or config is not what OCI says");
  Json& run = new_config["config"];
  if (!run.is_object()) run = Json::object();
  if (!run.contains("Labels") || !run["Labels"].is_object()) run["Labels"] = Json::object();
  run["Labels"][kLabel] = std::string(reference);
  ColdImage made;
  made.config = new_config.dump(-1, ' ', false, Json::error_handler_t::replace);
  made.config_digest = image::sha256_of(made.config);
  new_manifest["config"]["digest"] = made.config_digest;
  new_manifest["config"]["size"] = made.config.size();
  made.media_type = text_in(new_manifest, "mediaType");
  if (made.media_type.empty()) made.media_type = image::kManifestType;
  made.manifest = new_manifest.dump(-1, ' ', false, Json::error_handler_t::replace);
  made.manifest_digest = image::sha256_of(made.manifest);
  return made;
}

}  // namespace migrate::node
