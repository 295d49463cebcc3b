#include "test/harness/cluster.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace harness {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

fs::path folder_from(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr)
    throw std::runtime_error(fmt::format("{} is not set: run it through ctest or test/demo", variable));
  return value;
}

// No command of a test lasts as long; one that hangs would hold up all that comes after it.
constexpr std::chrono::seconds kHang{1800};
// kubectl's own limit would be one more parameter in the question.
constexpr std::chrono::seconds kHangAsking{60};

migrate::Completed run_to_end(const Words& argv, const std::string& input, std::chrono::seconds limit = kHang) {
  migrate::Command command;
  command.argv = argv;
  command.input = input;
  command.time_limit = limit;
  auto completed = migrate::SystemProcesses{}.run(command);
  if (!completed) throw std::runtime_error(completed.error().message);
  return *completed;
}

std::string output_of(const Words& argv, const migrate::Completed& completed) {
  if (!completed.succeeded())
    throw std::runtime_error(fmt::format("{}: {}\n{}{}", fmt::join(argv, " "), to_string(completed.ending),
                                         completed.output, completed.errors));
  return completed.output;
}

Words joined(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string quoted(const Words& argv) {
  std::string text;
  for (const std::string& word : argv) {
    text += " '";
    for (const char c : word)
      text += c == '\'' ? "'\\''" : std::string(1, c);
    text += "'";
  }
  return text;
}

Words cluster_command(const Words& words) {
  return joined({(source_folder() / "test/cluster/cluster").string()}, words);
}

}  // namespace

fs::path source_folder() {
  return folder_from("MIGRATE_SOURCE");
}

fs::path program(const std::string& name) {
  fs::path path = folder_from("MIGRATE_PROGRAMS") / name;
  if (!fs::exists(path)) throw std::runtime_error(path.string() + " is not built: cmake --build --preset release");
  return path;
}

std::string must(const Words& argv, const std::string& input) {
  return output_of(argv, run_to_end(argv, input));
}

void eventually(const std::string& what, const std::function<bool()>& check, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!check()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error(fmt::format("gave up after {} s waiting for {}", limit.count(), what));
    // Each look is a kubectl of its own, which takes a core for 0.2 s.
    std::this_thread::sleep_for(std::chrono::milliseconds{250});
  }
}

migrate::Completed Cluster::run(const Words& words, const std::string& input) const {
  return run_to_end(cluster_command(words), input);
}

std::string Cluster::must(const Words& words, const std::string& input) const {
  return harness::must(cluster_command(words), input);
}

std::string Cluster::kubectl(const Words& words, const std::string& input) const {
  return must(joined({"kubectl"}, words), input);
}

std::string Cluster::raw(const std::string& path) const {
  const Words argv = cluster_command({"kubectl", "get", "--raw", path});
  return output_of(argv, run_to_end(argv, "", kHangAsking));
}

void Cluster::apply(const Json& object) const {
  apply_yaml(object.dump());
}

Json Cluster::get(const Words& words) const {
  return Json::parse(kubectl(joined(joined({"get"}, words), {"-o", "json"})));
}

std::string Cluster::field(const Words& words, const std::string& path) const {
  return kubectl(joined(joined({"get"}, words), {"-o", "jsonpath={" + path + "}"}));
}

std::string Cluster::on(const std::string& machine, const Words& argv, const std::string& input) const {
  return must(joined({"exec", machine}, argv), input);
}

void Cluster::pipe(const std::string& from, const Words& source, const std::string& to, const Words& sink) const {
  const auto side = [](const std::string& machine, const Words& argv) {
    return quoted(cluster_command(joined({"exec", machine}, argv)));
  };
  harness::must({"bash", "-c", "set -o pipefail;" + side(from, source) + " |" + side(to, sink)});
}

void Cluster::wait_ready(const std::string& ns, const std::string& pod) const {
  kubectl({"-n", ns, "wait", "--for=condition=Ready", "pod/" + pod, "--timeout=120s"});
}

Namespace::Namespace(const Cluster& cluster, std::string name) : cluster_(cluster), name_(std::move(name)) {
  remove("true");
  cluster_.kubectl({"create", "namespace", name_});
  // Pods are refused until the namespace's service account is there.
  eventually("the service account of " + name_, [&] {
    return cluster_.run({"kubectl", "-n", name_, "get", "serviceaccount", "default"}).succeeded();
  });
}

Namespace::~Namespace() {
  try {
    remove("false");  // nobody is about to make it anew
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

void Namespace::remove(const char* wait) const {
  cluster_.kubectl({"-n", name_, "delete", "pods", "--all", "--force", "--grace-period=0"});
  // A migration in doubt keeps its namespace until a person has decided.
  cluster_.kubectl(
      {"delete", "namespace", name_, "--ignore-not-found", std::string("--wait=") + wait, "--timeout=300s"});
}

}  // namespace harness
