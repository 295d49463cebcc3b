#include "extender/controller/target_pod.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "extender/controller/json_list.h"
#include "extender/controller/node_fit.h"
#include "extender/controller/spread.h"
#include "extender/controller/volumes.h"
#include "shared/base/base64.h"
#include "shared/messages/mirror.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"
#include "shared/migration/placeholder.h"
#include "shared/migration/pod_copy.h"

namespace migrate::controller {
namespace {

constexpr std::string_view kInfix = "-mig-";
static_assert(kPlaceholderSuffix.starts_with(kInfix));
constexpr std::size_t kSuffix = 5;
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::string_view kPullSecretPrefix = "kubectl-migrate-";

bool is_suffix(std::string_view text) {
  return text.size() == kSuffix &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

std::string base_name(const std::string& name) {
  const std::size_t at = name.rfind(kInfix);
  if (at == std::string::npos || at == 0 || !is_suffix(std::string_view{name}.substr(at + kInfix.size()))) return name;
  return name.substr(0, at);
}

std::string with_suffix(std::string base, const std::string& suffix) {
  base.resize(std::min(base.size(), kLongestName - kInfix.size() - kSuffix));
  return base + std::string{kInfix} + suffix;
}

// FNV-1a: the same text always gives the same one.
std::string suffix_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::string suffix;
  for (std::size_t i = 0; i < kSuffix; ++i, hash /= 36)
    suffix += "abcdefghijklmnopqrstuvwxyz0123456789"[hash % 36];
  return suffix;
}

void label(Json& metadata, const Migration& migration) {
  if (migration.name.size() <= kLongestLabel) metadata["labels"][kMigrationLabel] = migration.name;
}

// The source may have been a shadow itself.
void set_gate(Json& spec, bool is_wanted) {
  Json gates = list_at(spec, {"readinessGates"});
  erase_if(gates, [](const Json& one) { return text_at(one, {"conditionType"}) == kLiveGate; });
  if (is_wanted) gates.push_back({{"conditionType", kLiveGate}});
  if (gates.empty())
    spec.erase("readinessGates");
  else
    spec["readinessGates"] = std::move(gates);
}

constexpr std::array<std::pair<const char*, const char*>, 2> kOwnNames = {
    {{"hostname", kHostnameAnnotation}, {"subdomain", kSubdomainAnnotation}}};

// Two Pods at once must not answer to one name: a shadow has it in an annotation, and who comes after it in the spec.
void move_own_name(Json& spec, Json& annotations, bool is_shadow, const char* field, const char* annotation) {
  if (is_shadow && spec.contains(field)) {
    annotations[annotation] = spec[field];
    spec.erase(field);
  } else if (!is_shadow && annotations.contains(annotation)) {
    spec[field] = annotations[annotation];
    annotations.erase(annotation);
  }
}

// A Pod that was restored from images names these; what it is really of stands in the annotation.
void set_real_images(Json& pod) {
  const std::string text = text_at(pod, {"metadata", "annotations", kImagesAnnotation});
  if (text.empty()) return;
  const Json real = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  pod["metadata"]["annotations"].erase(kImagesAnnotation);
  if (real.is_object())
    for (Json& container : pod["spec"]["containers"])
      if (std::string image = text_at(real, {text_at(container, {"name"}).c_str()}); !image.empty())
        container["image"] = std::move(image);
}

void set_checkpoint_images(Json& pod, const TargetPlan& plan) {
  Json real = Json::object();
  for (Json& container : pod["spec"]["containers"]) {
    const auto image = plan.images.find(text_at(container, {"name"}));
    if (image == plan.images.end()) continue;
    real[image->first] = text_at(container, {"image"});
    container["image"] = image->second;
    // Once the checkpoint was used its name stands for the real image, on that node alone.
    container["imagePullPolicy"] = "IfNotPresent";
  }
  pod["metadata"]["annotations"][kImagesAnnotation] = real.dump();
  Json secret = Json::object();
  secret["name"] = plan.pull_secret;
  Json& secrets = pod["spec"]["imagePullSecrets"];
  if (!secrets.is_array()) secrets = Json::array();
  if (!plan.pull_secret.empty() && std::find(secrets.begin(), secrets.end(), secret) == secrets.end())
    secrets.push_back(secret);
  if (secrets.empty()) pod["spec"].erase("imagePullSecrets");
}

// Credentials for what an earlier migration restored from are good for nothing.
void drop_our_pull_secrets(Json& spec) {
  if (!has(spec, {"imagePullSecrets"})) return;
  erase_if(spec["imagePullSecrets"],
           [](const Json& one) { return text_at(one, {"name"}).starts_with(kPullSecretPrefix); });
  if (spec["imagePullSecrets"].empty()) spec.erase("imagePullSecrets");
}

Json mounts_of(const Json& container) {
  Json paths = Json::array();
  for (const Json& mount : list_at(container, {"volumeMounts"}))
    paths.push_back(text_at(mount, {"mountPath"}));
  std::sort(paths.begin(), paths.end());
  return paths;
}

// This spec is a placeholder's own: no later Pod is copied from it, so no node is asked for longer than that.
void set_domains(Json& spec, const TargetPlan& plan) {
  if (has(spec, {"topologySpreadConstraints"})) erase_if(spec["topologySpreadConstraints"], is_hard_constraint);
  if (list_at(spec, {"topologySpreadConstraints"}).empty()) spec.erase("topologySpreadConstraints");
  if (plan.domains.empty()) return;
  Json term = Json::object();
  for (const auto& [key, values] : plan.domains)
    term["matchExpressions"].push_back({{"key", key}, {"operator", "In"}, {"values", values}});
  add_node_terms(spec, Json::array({std::move(term)}));
}

// `orders.{pod}` means the source's queue, whatever its target is called from now on. One that comes back into the name
// keeps what its author wrote.
void expand_queue(Json& annotations, const Migration& migration) {
  if (keeps_name(migration) || is_local(migration)) return;
  if (const std::string text = text_at(annotations, {kQueueAnnotation}); !text.empty())
    annotations[kQueueAnnotation] = messages::queue_name(text, migration.spec.pod);
}

}  // namespace

std::string target_name(const Migration& migration, std::uint32_t attempt) {
  if (!migration.spec.target_name.empty()) return migration.spec.target_name;
  if (takes_name(migration)) return migration.spec.pod;
  return with_suffix(base_name(migration.spec.pod), suffix_of(fmt::format("{}/{}", migration.uid, attempt)));
}

std::string placeholder_name(const Migration& migration) {
  return with_suffix(base_name(migration.spec.pod), std::string{kPlaceholderSuffix.substr(kInfix.size())});
}

Json target_pod(const Json& source, const Migration& migration, const TargetPlan& plan) {
  Json spec = copied_spec(source);
  if (plan.drop_init_containers) spec.erase("initContainers");
  drop_our_pull_secrets(spec);
  if (plan.images.empty())
    spec["runtimeClassName"] = kRuntimeClass;
  else if (text_at(spec, {"runtimeClassName"}) == kRuntimeClass)
    spec.erase("runtimeClassName");
  if (!plan.schedulers.contains(text_at(spec, {"schedulerName"}))) spec["schedulerName"] = kSchedulerName;

  set_gate(spec, plan.is_shadow);
  Json metadata{{"name", plan.name}, {"namespace", migration.namespace_}};
  if (const Json* labels = find(source, {"metadata", "labels"})) metadata["labels"] = *labels;
  label(metadata, migration);
  if (is_owned_by(migration, kReplicaSet) && metadata.contains("labels")) metadata["labels"].erase(kTemplateHashLabel);
  if (Json owners = lent_owners(source, migration); !owners.empty()) metadata["ownerReferences"] = std::move(owners);
  metadata["annotations"] = copied_annotations(source);
  expand_queue(metadata["annotations"], migration);
  metadata["annotations"][kRestoreAnnotation] = migration.uid;
  for (const auto& [field, annotation] : kOwnNames)
    move_own_name(spec, metadata["annotations"], plan.is_shadow, field, annotation);
  Json pod{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
  set_real_images(pod);
  if (!plan.images.empty()) set_checkpoint_images(pod, plan);
  return pod;
}

Json placeholder_pod(const Json& source, const Migration& migration, const TargetPlan& plan) {
  Json pod = target_pod(source, migration, plan);
  Json metadata{{"name", placeholder_name(migration)}, {"namespace", migration.namespace_}};
  label(metadata, migration);
  metadata["annotations"][kRestoreAnnotation] = migration.uid;
  // What is placed is the placeholder: the target follows it.
  if (std::string nodes = text_at(source, {"metadata", "annotations", kPreferNodesAnnotation}); !nodes.empty())
    metadata["annotations"][kPreferNodesAnnotation] = std::move(nodes);
  pod["metadata"] = std::move(metadata);
  take_out_volumes(pod["spec"], plan.volumes, plan.persistent);
  set_domains(pod["spec"], plan);
  // A refused create must not end the Pod, and with it its hold.
  pod["spec"]["restartPolicy"] = "Always";
  if (migration.spec.restore == RestoreWay::image)
    for (Json& container : pod["spec"]["containers"])
      for (const Json& status : list_at(source, {"status", "containerStatuses"}))
        if (const std::string id = text_at(status, {"imageID"});
            id.find('@') != std::string::npos && text_at(status, {"name"}) == text_at(container, {"name"}))
          container["image"] = id;
  return pod;
}

std::string pull_secret_name(const Migration& migration, const std::string& repository) {
  return fmt::format("{}{}-{}", kPullSecretPrefix, migration.uid, suffix_of(repository));
}

Json pull_secret(const Migration& migration, const std::string& name, const PullCredentials& credentials) {
  Json auths = Json::object();
  auths[credentials.repository] = {{"username", credentials.user},
                                   {"password", credentials.password},
                                   {"auth", to_base64(credentials.user + ":" + credentials.password)}};
  const Json owner{
      {"apiVersion", kApiVersion}, {"kind", "Migration"}, {"name", migration.name}, {"uid", migration.uid}};
  return {
      {"apiVersion", "v1"},
      {"kind", "Secret"},
      {"type", "kubernetes.io/dockerconfigjson"},
      {"metadata", {{"name", name}, {"namespace", migration.namespace_}, {"ownerReferences", Json::array({owner})}}},
      {"data", {{".dockerconfigjson", to_base64(Json{{"auths", std::move(auths)}}.dump())}}}};
}

std::string admission_trouble(const Json& source, const Json& admitted) {
  const Json& wanted = list_at(source, {"spec", "containers"});
  const Json& given = list_at(admitted, {"spec", "containers"});
  if (wanted.size() != given.size())
    return fmt::format("admission gives the new Pod {} containers where the source has {}", given.size(),
                       wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string name = text_at(wanted[i], {"name"});
    if (text_at(given[i], {"name"}) != name)
      return fmt::format("admission puts container {} in the place of {}", text_at(given[i], {"name"}), name);
    if (mounts_of(given[i]) != mounts_of(wanted[i]))
      return fmt::format("admission gives container {} the mounts {} where the source has {}", name,
                         mounts_of(given[i]).dump(), mounts_of(wanted[i]).dump());
  }
  return "";
}

}  // namespace migrate::controller
