#include "test/harness/product.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "shared/migration/names.h"

namespace harness {
namespace {

using Json = nlohmann::json;

std::string kubeconfig_of(const Cluster& cluster) {
  std::string path = cluster.must({"kubeconfig"});
  while (!path.empty() && path.back() == '\n')
    path.pop_back();
  return path;
}

}  // namespace

void install_product(const Cluster& cluster) {
  static bool done = false;
  if (done) return;
  cluster.must({"install", "--if-needed"});
  done = true;
}

migrate::Completed migrate_command(const Cluster& cluster, const Words& words, const std::optional<std::string>& user) {
  migrate::Command command;
  command.argv = {program("kubectl-migrate").string()};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  if (user) command.argv.push_back("--as=" + *user);
  command.variables = {{"KUBECONFIG", kubeconfig_of(cluster)}};
  auto completed = migrate::SystemProcesses{}.run(command);
  if (!completed) throw std::runtime_error(completed.error().message);
  return std::move(*completed);
}

void enable_migrations(const Cluster& cluster, const Namespace& ns) {
  const auto answer = migrate_command(cluster, {"enable", "-n", ns.name()});
  if (!answer.succeeded())
    throw std::runtime_error(fmt::format("kubectl-migrate enable -n {}: {}\n{}{}", ns.name(), to_string(answer.ending),
                                         answer.output, answer.errors));
}

Json migration_object(const Cluster& cluster, const std::string& ns, const std::string& pod, const std::string& name) {
  const std::string uid = cluster.field({"pod", pod, "-n", ns}, ".metadata.uid");
  return {{"apiVersion", migrate::kApiVersion},
          {"kind", "Migration"},
          {"metadata", {{"name", name}, {"namespace", ns}}},
          {"spec", {{"pod", {{"name", pod}, {"uid", uid}}}}}};
}

}  // namespace harness
