#include "plugin/cluster_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "plugin/format.h"
#include "plugin/hints.h"
#include "plugin/json_path.h"
#include "shared/base/time.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/migration.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;
using kube::metadata_of;

// "Pod orders-mig-ab12c"
std::string subject_of(const Json& event) {
  return fmt::format("{} {}", text_at(event, {"involvedObject", "kind"}), text_at(event, {"involvedObject", "name"}));
}

std::optional<Instant> time_of(const Json& event) {
  for (const std::string& said : {text_at(event, {"series", "lastObservedTime"}), text_at(event, {"lastTimestamp"}),
                                  text_at(event, {"eventTime"}), text_at(event, {"metadata", "creationTimestamp"})})
    if (const auto time = parse_rfc3339(said)) return *time;
  return std::nullopt;
}

}  // namespace

std::vector<std::string> missing_fields(const Json& schema, const Json& sent, const std::string& path) {
  std::vector<std::string> missing;
  const Json* known = find(schema, {"properties"});
  if (known == nullptr || !sent.is_object()) return missing;
  for (const auto& [key, value] : sent.items()) {
    const std::string place = path.empty() ? key : path + "." + key;
    const auto found = known->find(key);
    if (found == known->end()) {
      missing.push_back(place);
      continue;
    }
    const auto below = missing_fields(*found, value, place);
    missing.insert(missing.end(), below.begin(), below.end());
  }
  return missing;
}

Json fullest_migration() {
  using namespace std::chrono_literals;
  Migration all;
  all.namespace_ = "n";
  all.name = "m";
  MigrationSpec& spec = all.spec;
  spec.pod = "p";
  spec.pod_uid = "u";
  spec.target_node = "n";
  spec.target_selector = {{"k", "v"}};
  spec.queue = "q";
  spec.broker_secret = "s";
  spec.transfer = TransferWay::registry;
  spec.registry = "r/r";
  spec.registry_secret = "s";
  spec.cutoff = 1s;
  spec.accept = {"a"};
  spec.dry_run = true;
  spec.gap_budget = 1s;
  spec.max_total = 1s;
  return to_json(all);
}

Check deployment_check(const Json& deployment) {
  const std::string name = metadata_of(deployment, "name");
  const std::int64_t wanted = number_at(deployment, {"spec", "replicas"}, 1);
  const std::int64_t available = number_at(deployment, {"status", "availableReplicas"});
  Check check{Mark::ok, fmt::format("Deployment {}: {} of {} replicas are available", name, available, wanted)};
  if (available >= wanted && wanted > 0) return check;
  check.mark = available > 0 ? Mark::note : Mark::failed;
  check.why = wanted == 0 ? fmt::format("it is scaled to none: kubectl -n {} scale deploy/{} --replicas=2",
                                        kSystemNamespace, name)
                          : fmt::format("{}; kubectl -n {} describe deploy/{}", see_pods(), kSystemNamespace, name);
  check.hint = hint(Topic::deployment_down);
  return check;
}

bool is_fresh(const Json& lease, Instant now) {
  constexpr std::int64_t kUsual = 15;  // seconds
  const auto renewed = parse_rfc3339(text_at(lease, {"spec", "renewTime"}));
  const std::chrono::seconds span{number_at(lease, {"spec", "leaseDurationSeconds"}, kUsual)};
  return !text_at(lease, {"spec", "holderIdentity"}).empty() && renewed && now - *renewed <= span &&
         *renewed - now <= span;
}

bool is_renewed(const Json& earlier, const Json& later) {
  return !text_at(later, {"spec", "holderIdentity"}).empty() &&
         text_at(later, {"spec", "renewTime"}) != text_at(earlier, {"spec", "renewTime"});
}

std::size_t ready_endpoints(const Json& slices) {
  std::size_t count = 0;
  for (const Json& slice : slices)
    for (const Json& one : list_at(slice, {"endpoints"})) {
      // Unknown is to be taken for ready (EndpointConditions).
      const Json* ready = find(one, {"conditions", "ready"});
      if (ready == nullptr || *ready == true) ++count;
    }
  return count;
}

std::optional<std::string> extender_trouble(const Json& events, Instant now) {
  constexpr std::chrono::minutes kLately{10};
  for (const Json& event : events) {
    const std::string message = text_at(event, {"message"});
    const auto time = time_of(event);
    const bool is_of_it = message.find(kExtenderAccount) != std::string::npos &&
                          text_at(event, {"reason"}) == "FailedScheduling" && time && now - *time <= kLately;
    if (is_of_it)
      return fmt::format("the scheduler said of {}, {} ago: {}", subject_of(event), age_text(now - *time),
                         one_line(message));
  }
  return std::nullopt;
}

std::span<const std::string_view> policy_names() {
  static constexpr std::array<std::string_view, 5> kNames = {
      "kubectl-migrate-migration-needs-right-to-pod", "kubectl-migrate-extender-changes-no-pod-spec",
      "kubectl-migrate-extender-makes-pull-secrets-only", "kubectl-migrate-agent-writes-own-node", kNamePolicy};
  return kNames;
}

std::vector<std::string> absent(std::span<const std::string_view> names, const Json& objects) {
  std::vector<std::string> missing;
  for (const std::string_view name : names)
    if (std::none_of(objects.begin(), objects.end(),
                     [&](const Json& object) { return metadata_of(object, "name") == name; }))
      missing.emplace_back(name);
  return missing;
}

}  // namespace migrate::plugin
