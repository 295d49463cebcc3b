#include "node/container_runtime/facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace migrate::node {
namespace {

using Json = nlohmann::json;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

std::string plain_version(const std::string& version) {
  return starts_with(version, "v") ? version.substr(1) : version;
}

std::optional<std::filesystem::path> upper_folder_of(const std::string& snapshotter, const std::vector<Mount>& mounts) {
  constexpr std::string_view upper = "upperdir=";
  if (mounts.size() != 1) return std::nullopt;
  const Mount& mount = mounts.front();
  if (mount.type == "overlay") {
    for (const std::string& option : mount.options)
      if (starts_with(option, upper) && option.size() > upper.size()) return option.substr(upper.size());
    return std::nullopt;
  }
  if (mount.type != "bind" || snapshotter != "overlayfs" || mount.source.empty()) return std::nullopt;
  for (const std::string& option : mount.options)
    if (option == "rw") return mount.source;
  return std::nullopt;
}

bool root_is_overlay(std::string_view mountinfo) {
  constexpr std::size_t mount_point = 4;
  bool overlay = false;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() <= mount_point || fields[mount_point] != "/") continue;
    // Optional fields stand before the dash; the last mount at a place hides the ones below it.
    for (std::size_t at = mount_point + 2; at + 1 < fields.size(); ++at)
      if (fields[at] == "-") {
        overlay = fields[at + 1] == "overlay";
        break;
      }
  }
  return overlay;
}

std::string runtime_of_shim(const std::string& shim, const std::string& binary) {
  if (shim != "io.containerd.runc.v2") return shim;
  return binary.empty() ? "runc" : std::filesystem::path(binary).filename().string();
}

std::optional<OciRuntime> runtime_of_conmon(std::string_view cmdline, const std::string& id) {
  constexpr std::string_view root = "--root=";
  OciRuntime runtime;
  bool is_its = false;
  const auto words = split(cmdline, '\0');
  for (std::size_t at = 1; at + 1 < words.size(); ++at) {
    const std::string_view value = words[at + 1];
    if (words[at] == "-c" || words[at] == "--cid")
      is_its = value == id;
    else if (words[at] == "-r" || words[at] == "--runtime")
      runtime.path = value;
    else if (words[at] == "--runtime-arg" && starts_with(value, root))
      runtime.root = value.substr(root.size());
    else
      continue;
    ++at;
  }
  if (!is_its || runtime.path.empty()) return std::nullopt;
  return runtime;
}

Result<std::string> status_of_state(const std::string& answer) {
  const Json state = Json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (state.is_object())
    if (const auto status = state.find("status"); status != state.end() && status->is_string())
      return status->get<std::string>();
  return failure("its answer has no status: " + answer.substr(0, 200));
}

std::optional<bool> restore_switch(const std::string& config) {
  const Json json = Json::parse(config, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto found = json.find("enableExperimentalRestoreViaCreate");
  if (found == json.end() || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

Result<CrioInfo> parse_crio_info(const std::string& info) {
  const Json json = Json::parse(info, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return failure("its verbose info is not a JSON object");
  CrioInfo parsed;
  if (const auto pid = json.find("pid"); pid != json.end() && pid->is_number_integer()) parsed.pid = pid->get<int>();
  const auto spec = json.find("runtimeSpec");
  if (spec == json.end() || !spec->is_object()) return failure("its verbose info has no runtimeSpec");
  parsed.spec = spec->dump(-1, ' ', false, Json::error_handler_t::replace);
  if (const auto root = spec->find("root"); root != spec->end() && root->is_object())
    if (const auto path = root->find("path"); path != root->end() && path->is_string())
      parsed.root_path = path->get<std::string>();
  return parsed;
}

}  // namespace migrate::node
