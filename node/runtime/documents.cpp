#include "node/runtime/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/base/time.h"

namespace migrate::runtime {
namespace {

using Json = nlohmann::json;

constexpr const char* kAnnotation = "kubectl-migrate.dev/restore";

// A runtime's keys in config.json.
struct Keys {
  const char* kind;
  const char* pod_uid;
  const char* pod_namespace;
  const char* pod_name;
  const char* container;
};
constexpr Keys kContainerd{"io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-uid",
                           "io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name",
                           "io.kubernetes.cri.container-name"};
constexpr Keys kCrio{"io.kubernetes.cri-o.ContainerType", "io.kubernetes.pod.uid", "io.kubernetes.pod.namespace",
                     "io.kubernetes.pod.name", "io.kubernetes.container.name"};

Json parse(const std::string& text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::optional<std::string> text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

// A name that will be a folder's: one path component, never "." or "..".
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 253 && text[0] != '.' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
             std::string::npos;
}

Identity unknown(std::string why) {
  Identity identity;
  identity.trouble = std::move(why);
  return identity;
}

Identity identity_of(const Json& annotations) {
  const bool containerd = annotations.contains(kContainerd.kind);
  const bool crio = annotations.contains(kCrio.kind);
  if (!containerd && !crio)
    return unknown(
        fmt::format("config.json has neither containerd's key {} nor CRI-O's {}", kContainerd.kind, kCrio.kind));
  if (containerd && crio)
    return unknown(fmt::format("config.json has containerd's key {} and CRI-O's {}: the Pod must not set either itself",
                               kContainerd.kind, kCrio.kind));
  const Keys& keys = containerd ? kContainerd : kCrio;
  const std::string kind = text_at(annotations, keys.kind).value_or("");
  Identity identity;
  identity.pod_uid = text_at(annotations, keys.pod_uid).value_or("");
  identity.container = text_at(annotations, keys.container).value_or("");
  identity.pod =
      text_at(annotations, keys.pod_namespace).value_or("?") + "/" + text_at(annotations, keys.pod_name).value_or("?");
  if (kind == "sandbox") {
    identity.kind = Identity::Kind::sandbox;
  } else if (kind != "container") {
    identity.trouble = fmt::format("config.json's {} is '{}', neither container nor sandbox", keys.kind, kind);
  } else if (!is_name(identity.pod_uid)) {
    identity.trouble = fmt::format("config.json's {} is '{}', not a Pod's uid", keys.pod_uid, identity.pod_uid);
  } else if (!is_name(identity.container)) {
    identity.trouble =
        fmt::format("config.json's {} is '{}', not a container's name", keys.container, identity.container);
  } else {
    identity.kind = Identity::Kind::container;
  }
  return identity;
}

void take_root(const Json& root, BundleConfig& bundle) {
  bundle.root = text_at(root, "path").value_or("");
  const auto read_only = root.find("readonly");
  bundle.read_only_root = read_only != root.end() && read_only->is_boolean() && read_only->get<bool>();
}

void take_mount(const Json& mount, BundleConfig& bundle) {
  const std::string destination = text_at(mount, "destination").value_or("");
  if (destination == "/etc/hostname") bundle.host_name = text_at(mount, "source").value_or("");
  if (destination == "/tmp" || destination.starts_with("/tmp/")) bundle.mounts_on_tmp = true;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<BundleConfig> parse_bundle_config(const std::string& text) {
  const Json config = parse(text);
  if (!config.is_object()) return failure("it is not a JSON object");
  BundleConfig bundle;
  if (const auto root = config.find("root"); root != config.end() && root->is_object()) take_root(*root, bundle);
  if (const auto mounts = config.find("mounts"); mounts != config.end() && mounts->is_array())
    for (const Json& mount : *mounts)
      if (mount.is_object()) take_mount(mount, bundle);
  const auto annotations = config.find("annotations");
  if (annotations == config.end() || annotations->is_null()) return bundle;
  if (!annotations->is_object()) return failure("its annotations are not an object");
  const auto restore = annotations->find(kAnnotation);
  if (restore == annotations->end()) return bundle;
  if (!restore->is_string()) return failure(fmt::format("its annotation {} is not a text", kAnnotation));
  bundle.request.migration = restore->get<std::string>();
  bundle.request.identity = identity_of(*annotations);
  return bundle;
}

Result<Settings> parse_settings(const std::string& text) {
  const Json json = parse(text);
  if (!json.is_object()) return failure("it is not a JSON object");
  Settings settings;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string() || value.get<std::string>().substr(0, 1) != "/")
      return failure(fmt::format("'{}' is not an absolute path", key));
    if (key == "runc")
      settings.runc = value.get<std::string>();
    else if (key == "stateFolder")
      settings.state_folder = value.get<std::string>();
    else if (key == "log")
      settings.log = value.get<std::string>();
    else
      return failure(fmt::format("'{}' is not one of runc, stateFolder, log", key));
  }
  return settings;
}

Result<Expectation> parse_expectation(const std::string& text) {
  constexpr std::int64_t limit = 24LL * 3600 * 1000;  // anything longer is a mistake, and twice it must not overflow
  const Json json = parse(text);
  if (!json.is_object()) return failure("it is not a JSON object");
  const auto migration = text_at(json, "migration");
  if (!migration || migration->empty()) return failure("it names no migration");
  const auto forecast = json.find("forecastMs");
  if (forecast == json.end() || !forecast->is_number_unsigned() || forecast->get<std::uint64_t>() > limit)
    return failure("its forecastMs is not a number of milliseconds");
  return Expectation{*migration, milliseconds{forecast->get<std::int64_t>()}};
}

std::string boot_of_mark(const std::string& text) {
  const Json json = parse(text);
  return json.is_object() ? text_at(json, "bootId").value_or("") : std::string{};
}

MarkWriter parse_mark(const std::string& text) {
  const Json json = parse(text);
  if (!json.is_object()) return {};
  MarkWriter writer{text_at(json, "bootId").value_or(""), text_at(json, "container").value_or(""), std::nullopt};
  if (const auto at = parse_rfc3339(text_at(json, "at").value_or("")); at) writer.at = *at;
  return writer;
}

std::string mark_text(const std::string& boot_id, const std::string& container_id, Instant at) {
  return dump({{"bootId", boot_id}, {"container", container_id}, {"at", to_rfc3339(at)}}) + "\n";
}

std::string state_before_start(const std::string& answer) {
  auto state = nlohmann::ordered_json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (!state.is_object() || !state.contains("status") || state["status"] != "running") return answer;
  state["status"] = "created";
  return state.dump(2);
}

std::string report_text(const FailureReport& report, Instant at) {
  Json json = {{"message", report.message}, {"at", to_rfc3339(at)}, {"criuLog", "work/restore.log"}};
  json["tasksResumed"] = report.tasks_resumed ? Json(*report.tasks_resumed) : Json(nullptr);
  return dump(json) + "\n";
}

Result<FailureReport> parse_report(const std::string& text) {
  const Json json = parse(text);
  if (!json.is_object()) return failure("it is not a JSON object");
  FailureReport report{text_at(json, "message").value_or("it does not say why"), std::nullopt};
  if (const auto resumed = json.find("tasksResumed"); resumed != json.end() && resumed->is_boolean())
    report.tasks_resumed = resumed->get<bool>();
  return report;
}

std::string own_log_line(const std::string& level, const std::string& message, const Request& about, Instant at) {
  nlohmann::ordered_json line = {
      {"time", to_rfc3339(at)}, {"level", level}, {"program", "migrate-runc"}, {"message", message}};
  if (about.migration) line["migration"] = *about.migration;
  if (!about.identity.pod.empty()) line["pod"] = about.identity.pod.substr(about.identity.pod.find('/') + 1);
  if (!about.identity.container.empty()) line["container"] = about.identity.container;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string log_line(LogFormat format, const std::string& level, const std::string& message, Instant at) {
  if (format == LogFormat::json) return dump({{"level", level}, {"msg", message}, {"time", to_rfc3339(at)}}) + "\n";
  return fmt::format("time=\"{}\" level={} msg={}\n", to_rfc3339(at), level, dump(message));
}

}  // namespace migrate::runtime
