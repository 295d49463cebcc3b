#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "test/e2e/scene.h"
#include "test/harness/product.h"

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr std::array kNodes{"node-a", "node-b", "node-c"};

void make_broker_secret(const Cluster& cluster, const std::string& ns) {
  cluster.apply({{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", {{"name", kBrokerSecret}, {"namespace", ns}}},
                 {"stringData",
                  {{"amqp-url", "amqp://guest:guest@rabbitmq.rabbitmq:5672/"},
                   {"management-url", "http://guest:guest@rabbitmq.rabbitmq:15672"}}}});
}

// What a command prints, also when it fails: a report must not fail itself.
std::string output_of(const Cluster& cluster, const Words& words) {
  const auto completed = cluster.run(words);
  return completed.output + completed.errors;
}

// The last lines that contain `wanted`, or without it the last lines.
std::string tail_of(const std::string& text, const std::string& wanted, std::size_t count) {
  std::deque<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!wanted.empty() && line.find(wanted) == std::string::npos) continue;
    lines.push_back(std::move(line));
    if (lines.size() > count) lines.pop_front();
  }
  std::string joined;
  for (const std::string& line : lines)
    joined += "  " + line + "\n";
  return joined.empty() ? "  (nothing)\n" : joined;
}

std::string logs_of(const Cluster& cluster, const char* program, const std::string& uid) {
  const std::string text =
      output_of(cluster, {"kubectl", "-n", "kubectl-migrate", "logs", "--prefix", "--tail=5000",
                          "--max-log-requests=20", "-l", fmt::format("app.kubernetes.io/name={}", program)});
  return fmt::format("--- {} about it\n{}--- {} at the end\n{}", program, tail_of(text, uid, 60), program,
                     tail_of(text, "", 10));
}

bool is_over(const std::string& phase) {
  constexpr std::array kEnds{"Succeeded", "RolledBack", "Refused", "Planned", "Failed", "InDoubt"};
  return std::find(kEnds.begin(), kEnds.end(), phase) != kEnds.end();
}

std::string phase_of(const Json& migration) {
  return migration.value(Json::json_pointer{"/status/phase"}, std::string{});
}

}  // namespace

int code_of(const migrate::Completed& completed) {
  if (const auto* exited = std::get_if<migrate::Exited>(&completed.ending)) return exited->code;
  if (const auto* signalled = std::get_if<migrate::Signalled>(&completed.ending)) return 128 + signalled->signal;
  return -1;
}

std::string text_of(const migrate::Completed& completed) {
  return fmt::format("{}\n{}{}", to_string(completed.ending), completed.output, completed.errors);
}

Stage::Stage(const std::string& name) : ns_(cluster_, name) {
  install_product(cluster_);
  make_broker_secret(cluster_, name);
  const auto enabled = plugin({"enable", "--broker-secret", kBrokerSecret});
  if (!enabled.succeeded()) throw std::runtime_error("kubectl-migrate enable: " + text_of(enabled));
}

migrate::Completed Stage::plugin(const Words& words) const {
  Words all = words;
  all.insert(all.end(), {"-n", ns_.name()});
  return migrate_command(cluster_, all);
}

Words Stage::plugin_words(const Words& words) const {
  std::string kubeconfig = cluster_.must({"kubeconfig"});
  kubeconfig.resize(kubeconfig.find('\n'));
  Words all{program("kubectl-migrate").string()};
  all.insert(all.end(), words.begin(), words.end());
  all.insert(all.end(), {"-n", ns_.name(), "--kubeconfig", kubeconfig});
  return all;
}

Json Stage::migration(const std::string& name) const {
  return cluster_.get({"migrations.kubectl-migrate.dev", name, "-n", ns_.name()});
}

Json Stage::await_end(const std::string& name, std::chrono::seconds limit) const {
  Json now;
  await(
      "the end of Migration " + name, name,
      [&] {
        now = migration(name);
        return is_over(phase_of(now));
      },
      limit);
  return now;
}

Json Stage::pod(const std::string& name) const {
  return cluster_.get({"pod", name, "-n", ns_.name()});
}

std::string Stage::report(const std::string& migration) const {
  const std::string& ns = ns_.name();
  const std::string uid = cluster_
                              .run({"kubectl", "-n", ns, "get", "migrations.kubectl-migrate.dev", migration, "-o",
                                    "jsonpath={.metadata.uid}"})
                              .output;
  std::string text = fmt::format("\n--- Migration {} (uid {})\n", migration, uid);
  text += output_of(cluster_, {"kubectl", "-n", ns, "get", "migrations.kubectl-migrate.dev", migration, "-o", "yaml"});
  text += "--- Pods\n" + output_of(cluster_, {"kubectl", "-n", ns, "get", "pods", "-o", "wide"});
  text += "--- the product's Pods\n" +
          output_of(cluster_, {"kubectl", "-n", "kubectl-migrate", "get", "pods", "-o", "wide"});
  text += "--- events\n" +
          tail_of(output_of(cluster_, {"kubectl", "-n", ns, "get", "events", "--sort-by=.lastTimestamp"}), "", 30);
  text += logs_of(cluster_, "migrate-extender", uid);
  text += logs_of(cluster_, "migrate-agent", uid);
  if (!uid.empty()) text += "--- left\n" + leftovers(cluster_, ns, uid);
  return text;
}

void Stage::fail(const std::string& what, const std::string& migration) const {
  throw std::runtime_error(what + report(migration));
}

void Stage::require(bool condition, const std::string& what, const std::string& migration) const {
  if (!condition) fail(what, migration);
}

void Stage::await(const std::string& what, const std::string& migration, const std::function<bool()>& check,
                  std::chrono::seconds limit) const {
  try {
    eventually(what, check, limit);
  } catch (const std::exception& error) {
    fail(error.what(), migration);
  }
}

void Stage::check_nothing_left(const std::string& name) const {
  check_nothing_left(name, migration(name).at("metadata").at("uid").get<std::string>());
}

void Stage::check_nothing_left(const std::string& name, const std::string& uid) const {
  std::string left;
  try {
    eventually(
        "nothing to be left of Migration " + name,
        [&] { return (left = leftovers(cluster_, ns_.name(), uid)).empty(); }, std::chrono::seconds{60});
  } catch (const std::exception& error) {
    fail(fmt::format("{}; left:\n{}", error.what(), left), name);
  }
}

std::string leftovers(const Cluster& cluster, const std::string& ns, const std::string& uid) {
  std::string left;
  std::string living;  // uids
  const Json pods = cluster.get({"pods", "-A"});
  for (const Json& pod : pods.at("items")) {
    const Json& metadata = pod.at("metadata");
    living += metadata.at("uid").get<std::string>() + "\n";
    if (metadata.at("namespace") != ns) continue;
    const auto name = metadata.at("name").get<std::string>();
    if (metadata.contains("labels") && metadata["labels"].contains("kubectl-migrate.dev/migration"))
      left += fmt::format("Pod {} has the label kubectl-migrate.dev/migration\n", name);
    if (metadata.contains("annotations") && metadata["annotations"].value("kubectl-migrate.dev/restore", "") == uid)
      left += fmt::format("Pod {} has the annotation kubectl-migrate.dev/restore\n", name);
    if (name.ends_with("-mig-hold")) left += fmt::format("Pod {} holds a place\n", name);
  }
  // $0: the Migration's uid; standard input: the uids of all Pods.
  constexpr const char* kLook =
      "cat >/tmp/living-pods; cd /var/lib/kubectl-migrate 2>/dev/null || exit 0; "
      "for f in sources/$0 targets/$0; do [ ! -e $f ] || echo \"folder $f: $(find $f | head -n 5 | paste -sd' ')\"; "
      "done; "
      "for f in restores/*; do [ ! -e $f ] || grep -qx \"${f#restores/}\" /tmp/living-pods || "
      "echo \"folder $f of a Pod that is gone\"; done; "
      "[ ! -S /run/containerd/containerd.sock ] || ctr -n k8s.io tasks ls | awk '/PAUSED/ {print \"paused task \" $1}'";
  for (const char* node : kNodes) {
    const auto answer = cluster.run({"exec", node, "sh", "-c", kLook, uid}, living);
    if (!answer.succeeded()) left += fmt::format("{}: cannot look: {}", node, answer.errors);
    if (!answer.output.empty()) left += fmt::format("{}: {}", node, answer.output);
  }
  return left;
}

}  // namespace harness
