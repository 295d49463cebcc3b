#include "node/agent/facts.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "node/agent/criu_config.h"
#include "node/agent/disk.h"
#include "node/agent/every.h"
#include "node/agent/installation.h"
#include "node/container_runtime/host_files.h"
#include "shared/migration/names.h"

namespace migrate::agent {
namespace {

constexpr std::chrono::minutes kCriuAge{5};

kube::ResourcePath path_of(const std::string& node) {
  kube::ResourcePath path;
  path.group = kGroup;
  path.version = kVersion;
  path.plural = "migrationnodes";
  path.name = node;
  return path;
}

}  // namespace

std::vector<std::string> parse_cpu_features(const std::string& cpuinfo) {
  std::istringstream lines{cpuinfo};
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("flags", 0) != 0 && line.rfind("Features", 0) != 0) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream words{line.substr(colon + 1)};
    std::vector<std::string> features;
    for (std::string word; words >> word;)
      features.push_back(word);
    std::sort(features.begin(), features.end());
    return features;
  }
  return {};
}

std::string parse_criu_version(const std::string& output) {
  constexpr std::string_view kWord = "Version: ";
  const auto at = output.find(kWord);
  if (at == std::string::npos) return {};
  const auto begin = at + kWord.size();
  return output.substr(begin, output.find_first_of(" \r\n", begin) - begin);
}

std::string architecture_name(const std::string& machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

std::string own_architecture() {
  utsname system{};
  return ::uname(&system) == 0 ? architecture_name(system.machine) : "";
}

NodeFacts FactsOfNode::gather() {
  NodeFacts facts;
  facts.node = parts_.node;
  facts.address = parts_.address;
  facts.agent_version = parts_.version;
  facts.boot_id = parts_.boot_id;
  if (const auto runtime = parts_.runtime.version()) {
    facts.runtime = runtime->name;
    facts.runtime_version = runtime->version;
    facts.has_handler = runtime->has_handler;
    facts.can_checkpoint_directly = runtime->can_checkpoint_directly;
    facts.restore_via_create = runtime->restore_via_create;
  }
  const Instant now = parts_.clock.now();
  if (is_due(criu_asked_, now, kCriuAge)) {
    Command command;
    command.argv = {"criu", "--version"};
    command.time_limit = std::chrono::seconds{10};
    const auto answered = parts_.on_host.run(command);
    criu_ = answered && answered->succeeded() ? parse_criu_version(answered->output) : "";
    criu_asked_ = now;
  }
  facts.criu = criu_;
  // A file that is not there has none of them; of one that cannot be read nothing is known.
  if (const auto options = parts_.files.read(node::below_root(parts_.host_root, kCriuConfiguration)))
    facts.criu_options_missing = missing_options(options->value_or(""));
  const Probes::Answers probed = parts_.probes.answers();
  facts.criu_check = probed.criu;
  facts.kubelet_checkpoint = probed.kubelet;
  utsname system{};
  if (::uname(&system) == 0) {
    facts.kernel = system.release;
    facts.architecture = architecture_name(system.machine);
  }
  if (const auto cpuinfo = parts_.files.read("/proc/cpuinfo"); cpuinfo && *cpuinfo)
    facts.cpu_features = parse_cpu_features(**cpuinfo);
  facts.free_disk = free_disk(parts_.state_folder).value_or(Bytes{});
  if (parts_.held) facts.held = parts_.held();
  facts.heartbeat = parts_.clock.now();
  return facts;
}

std::vector<std::string> to_be_forgotten(const nlohmann::json& migration_node) {
  const auto place = nlohmann::json::json_pointer{"/metadata/annotations"} / kForgetAnnotation;
  if (!migration_node.contains(place) || !migration_node.at(place).is_string()) return {};
  std::istringstream words{migration_node.at(place).get<std::string>()};
  std::vector<std::string> uids;
  for (std::string uid; std::getline(words, uid, ',');)
    if (is_plain_name(uid)) uids.push_back(uid);
  return uids;
}

FactsReporter::FactsReporter(FactsOfNode& facts, kube::Client& client, Log& log, Forget forget)
    : facts_(facts),
      client_(client),
      log_(log),
      forget_(std::move(forget)),
      thread_(every(kHeartbeatLimit / 3, [this](const std::stop_token& stop) { report(stop); })) {}

void FactsReporter::report(const std::stop_token& stop) {
  const NodeFacts facts = facts_.gather();
  kube::WriteOptions write;
  write.field_manager = kAgentAccount;  // by which clock_skew finds the write
  write.force = kube::Force::yes;
  kube::CallOptions call;
  call.timeout = kHeartbeatLimit / 3;
  call.stop = stop;
  const auto applied = client_.apply(path_of(facts.node), to_json(facts), write, call);
  const std::string error = applied || stop.stop_requested() ? "" : applied.error().text();
  if (!error.empty() && error != last_error_) log_.error("tell of this node: " + error, {{"node", facts.node}});
  if (error.empty() && !last_error_.empty()) log_.info("this node is told of again", {{"node", facts.node}});
  last_error_ = error;
  if (!applied || !forget_) return;
  if (const auto gone = to_be_forgotten(*applied); !gone.empty()) forget_(gone);
}

}  // namespace migrate::agent
