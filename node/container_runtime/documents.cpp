#include "node/container_runtime/documents.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/base/time.h"

namespace migrate::node {
namespace {

using Json = nlohmann::json;

constexpr const char* kNever = "0001-01-01T00:00:00Z";  // the zero time of Go, in which these files are read

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string label(const ContainerStatus& status, const char* key) {
  const auto found = status.labels.find(key);
  return found == status.labels.end() ? "" : found->second;
}

}  // namespace

ContainerDocuments documents_of(const ContainerStatus& status, std::string spec, const std::string& runtime,
                                Instant now) {
  const std::string name =
      fmt::format("{}_{}_{}_{}_{}", status.name, label(status, "io.kubernetes.pod.name"),
                  label(status, "io.kubernetes.pod.namespace"), label(status, "io.kubernetes.pod.uid"), status.attempt);
  const Instant created{std::chrono::duration_cast<Microseconds>(status.created)};
  const Json config = {{"id", status.id},
                       {"name", name},
                       {"rootfsImage", status.image},
                       {"rootfsImageRef", status.image_ref},
                       {"rootfsImageName", status.image},
                       {"runtime", runtime},
                       {"createdTime", to_rfc3339(created)},
                       {"checkpointedTime", to_rfc3339(now)},
                       {"restoredTime", kNever},
                       {"restored", false}};
  const Json dumped = {{"id", status.id},
                       {"metadata", {{"name", status.name}, {"attempt", status.attempt}}},
                       {"state", 1},
                       {"created_at", status.created.count()},
                       {"started_at", status.started.count()},
                       {"image", {{"image", status.image}}},
                       {"image_ref", status.image_ref},
                       {"labels", status.labels},
                       {"annotations", status.annotations},
                       {"log_path", status.log_path}};
  return {std::move(spec), dump(config), dump(dumped)};
}

}  // namespace migrate::node
