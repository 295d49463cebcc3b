#include "test/bench/evaluation/machine.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <thread>

#include "shared/base/text.h"

namespace evaluation {
namespace {

using harness::Cluster;
using Json = nlohmann::json;

// A version is for the reader of a table: what cannot be asked is left out rather than the whole evaluation.
std::string first_line_of(const migrate::Completed& answer) {
  if (!answer.succeeded()) return "?";
  return std::string{migrate::trimmed(answer.output.substr(0, answer.output.find('\n')))};
}

// The last word of a program's first line: "Version: 4.2.1", "runc version 1.3.3+ds".
std::string version_on_node(const Cluster& cluster, const std::string& program) {
  const std::string line = first_line_of(cluster.run({"exec", "node-a", program, "--version"}));
  return line.substr(line.find_last_of(' ') + 1);
}

std::string rabbitmq_version(const Cluster& cluster) {
  const std::string address = cluster.field({"service", "rabbitmq", "-n", "rabbitmq"}, ".spec.clusterIP");
  const auto answer = cluster.run(
      {"exec", "node-a", "curl", "-sS", "-u", "guest:guest", fmt::format("http://{}:15672/api/overview", address)});
  const Json overview = Json::parse(answer.output, nullptr, false);
  return overview.is_object() ? overview.value("rabbitmq_version", "?") : "?";
}

std::string git(const harness::Words& words) {
  migrate::Command command;
  command.argv = {"git", "-C", harness::source_folder().string()};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  const auto answer = migrate::SystemProcesses{}.run(command);
  return answer ? first_line_of(*answer) : "?";
}

// What was measured; "-dirty" where it differs from that commit, but for the documents: the results are among them.
std::string source_version() {
  const bool is_dirty = !git({"status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"}).empty();
  return git({"rev-parse", "--short=12", "HEAD"}) + (is_dirty ? "-dirty" : "");
}

// Of a line "NAME : VALUE" in one of /proc's files.
std::string value_in(const char* path, const std::string& name) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);)
    if (const auto colon = line.find(':'); colon != std::string::npos && line.starts_with(name))
      return std::string{migrate::trimmed(line.substr(colon + 1))};
  return "?";
}

std::string memory_mib() {
  long kib = 0;
  std::istringstream{value_in("/proc/meminfo", "MemTotal")} >> kib;
  return std::to_string(kib >> 10);
}

std::string without_blanks(std::string text) {
  for (char& c : text)
    if (c == ' ') c = '_';
  return text;
}

}  // namespace

Surroundings look_around(const Cluster& cluster) {
  const Json node = cluster.get({"node", "node-a"}).at("status").at("nodeInfo");
  utsname kernel{};
  (void)::uname(&kernel);
  Surroundings around;
  around.versions =
      fmt::format("source={} kubernetes={} runtime={} runc={} criu={} rabbitmq={}", source_version(),
                  node.at("kubeletVersion").get<std::string>(), node.at("containerRuntimeVersion").get<std::string>(),
                  version_on_node(cluster, "runc"), version_on_node(cluster, "criu"), rabbitmq_version(cluster));
  around.machine = fmt::format("cpus={} memory_mib={} kernel={} cpu={}", std::thread::hardware_concurrency(),
                               memory_mib(), kernel.release, without_blanks(value_in("/proc/cpuinfo", "model name")));
  return around;
}

// proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; the guests' are within the first two.
CpuTime cpu_time() {
  std::ifstream file{"/proc/stat"};
  std::string name;
  file >> name;
  std::array<std::uint64_t, 8> ticks{};
  for (auto& one : ticks)
    file >> one;
  const std::uint64_t all = std::accumulate(ticks.begin(), ticks.end(), std::uint64_t{0});
  return {all - ticks[3] - ticks[4] - ticks[7], ticks[7], all};
}

CpuShares shares_between(const CpuTime& before, const CpuTime& after) {
  const auto all = static_cast<double>(after.all - before.all);
  if (all <= 0) return {};
  return {static_cast<double>(after.busy - before.busy) / all, static_cast<double>(after.stolen - before.stolen) / all};
}

double load_of_last_minute() {
  double load = 0;
  std::ifstream{"/proc/loadavg"} >> load;
  return load;
}

}  // namespace evaluation
