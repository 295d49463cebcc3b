#include "shared/migration/pod_patch.h"

#include <nlohmann/json.hpp>

namespace migrate {
namespace {

using Json = nlohmann::json;

// Without what only the server and the kubelet know.
Json authored(const Json& pod) {
  Json metadata = Json::object();
  if (const auto found = pod.find("metadata"); found != pod.end())
    for (const char* field : {"name", "namespace", "labels", "annotations", "ownerReferences"})
      if (const auto value = found->find(field); value != found->end()) metadata[field] = *value;
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", std::move(metadata)},
          {"spec", pod.value("spec", Json::object())}};
}

}  // namespace

std::string target_patch(const Json& pod, const Json& target) {
  return Json::diff(authored(pod), authored(target)).dump();
}

std::optional<Json> patched_target(const Json& pod, const std::string& patch) {
  const Json operations = Json::parse(patch, nullptr, /*allow_exceptions=*/false);
  if (!operations.is_array()) return std::nullopt;
  try {
    return authored(pod).patch(operations);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace migrate
