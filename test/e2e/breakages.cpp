#include "test/e2e/breakages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "test/e2e/broker_side.h"
#include "test/e2e/product_processes.h"

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kSystem = "kubectl-migrate";

// $0: the configuration. As it was it is kept beside it, also by a test that was cut off.
constexpr const char* kEdit = R"sh(
set -e
[ -e "$0.sound" ] || cp -p "$0" "$0.sound"
%EDIT% <"$0.sound" >"$0.new"
[ "$(cat "$0.new")" != "$(cat "$0.sound")" ]
mv "$0.new" "$0"
sv restart /etc/machine/services/containerd
)sh";
constexpr const char* kPutBack = R"sh(
set -e
[ -e "$0.sound" ] || exit 0
mv "$0.sound" "$0"
sv restart /etc/machine/services/containerd
)sh";

std::unique_ptr<Undo> edit_containerd(const Cluster& cluster, const std::string& node, const std::string& edit) {
  constexpr std::string_view kPlace = "%EDIT%";
  std::string script = kEdit;
  script.replace(script.find(kPlace), kPlace.size(), edit);
  const auto run = [cluster, node](const std::string& text) {
    cluster.on(node, {"sh", "-c", text, "/etc/containerd/config.toml"});
  };
  auto undo = std::make_unique<Undo>([run] { run(kPutBack); });
  run(script);
  return undo;
}

// A merge patch of one of the product's own objects.
void patch(const Cluster& cluster, const Words& object, const Json& changes) {
  Words words{"-n", kSystem, "patch"};
  words.insert(words.end(), object.begin(), object.end());
  words.insert(words.end(), {"--type=merge", "-p", changes.dump()});
  cluster.kubectl(words);
}

bool is_gone(const Cluster& cluster, const char* program, const std::string& node = "") {
  Words words{"-n", kSystem, "get", "pods", "-o", "name", "-l", fmt::format("app.kubernetes.io/name={}", program)};
  if (!node.empty()) words.push_back("--field-selector=spec.nodeName=" + node);
  return cluster.kubectl(words).empty();
}

}  // namespace

std::unique_ptr<Undo> take_handler_away(const Cluster& cluster, const std::string& node) {
  return edit_containerd(cluster, node, R"(awk '/^ *\[/ { ours = index($0, "runtimes.migrate") } !ours')");
}

std::unique_ptr<Undo> take_restore_switch_away(const Cluster& cluster, const std::string& node) {
  return edit_containerd(cluster, node, "sed /enable_experimental_restore_via_create/d");
}

std::unique_ptr<Undo> take_checkpoint_right_away(const Cluster& cluster, const std::string& node) {
  const Words role{"clusterrole", "kubectl-migrate-agent"};
  const Json rules = cluster.get(role).at("rules");
  Json fewer = Json::array();
  for (const Json& rule : rules)
    if (rule.at("resources") != Json::array({"nodes/checkpoint"})) fewer.push_back(rule);
  if (fewer.size() + 1 != rules.size()) throw std::runtime_error("nodes/checkpoint is no rule of " + rules.dump());
  auto undo = std::make_unique<Undo>([=] { patch(cluster, role, {{"rules", rules}}); });
  patch(cluster, role, {{"rules", fewer}});
  cluster.on(node, {"sv", "restart", "/etc/machine/services/kubelet"});
  return undo;
}

std::unique_ptr<Undo> take_agent_away(const Cluster& cluster, const std::string& node) {
  const Words agents{"daemonset", "migrate-agent"};
  const auto change = [=](const Json& strategy, const Json& affinity) {
    patch(cluster, agents,
          {{"spec", {{"updateStrategy", strategy}, {"template", {{"spec", {{"affinity", affinity}}}}}}}});
  };
  const Json strategy = cluster.get({"-n", kSystem, "daemonset", "migrate-agent"}).at("spec").at("updateStrategy");
  auto undo = std::make_unique<Undo>([=] {
    change(strategy, nullptr);
    wait_for_product(cluster);
  });
  const Json elsewhere = {{"key", "kubernetes.io/hostname"}, {"operator", "NotIn"}, {"values", {node}}};
  // OnDelete: a Pod that may not be where it is goes, the others are not made anew for their template.
  change({{"type", "OnDelete"}, {"rollingUpdate", nullptr}},
         {{"nodeAffinity",
           {{"requiredDuringSchedulingIgnoredDuringExecution",
             {{"nodeSelectorTerms", Json::array({{{"matchExpressions", Json::array({elsewhere})}}})}}}}}});
  eventually(node + "'s agent to be gone", [&] { return is_gone(cluster, "migrate-agent", node); });
  return undo;
}

std::unique_ptr<Undo> scale_extender_to_none(const Cluster& cluster) {
  const auto scale = [cluster](int replicas) {
    patch(cluster, {"deployment", "migrate-extender"}, {{"spec", {{"replicas", replicas}}}});
  };
  const int replicas =
      cluster.get({"-n", kSystem, "deployment", "migrate-extender"}).at("spec").at("replicas").get<int>();
  auto undo = std::make_unique<Undo>([=] {
    scale(replicas);
    wait_for_product(cluster);
  });
  scale(0);
  eventually("the extender's Pods to be gone", [&] { return is_gone(cluster, "migrate-extender"); });
  return undo;
}

std::unique_ptr<Undo> forget_broker_password(const Cluster& cluster, const std::string& ns) {
  auto undo = std::make_unique<Undo>([=] { set_broker_user(cluster, ns, "guest"); });
  cluster.apply({{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", {{"name", kBrokerSecret}, {"namespace", ns}}},
                 {"stringData",
                  {{"amqp-url", "amqp://guest:forgotten@rabbitmq.rabbitmq:5672/"},
                   {"management-url", "http://guest:forgotten@rabbitmq.rabbitmq:15672"}}}});
  return undo;
}

void give_rights(const Cluster& cluster, const std::string& ns, const std::string& user, bool may_exec) {
  Json rules = {{{"apiGroups", {"kubectl-migrate.dev"}}, {"resources", {"migrations"}}, {"verbs", {"*"}}},
                {{"apiGroups", {""}}, {"resources", {"pods"}}, {"verbs", {"get", "list"}}}};
  if (may_exec) rules.push_back({{"apiGroups", {""}}, {"resources", {"pods/exec"}}, {"verbs", {"create"}}});
  const Json metadata = {{"name", user}, {"namespace", ns}};
  cluster.apply(
      {{"apiVersion", "rbac.authorization.k8s.io/v1"}, {"kind", "Role"}, {"metadata", metadata}, {"rules", rules}});
  cluster.apply({{"apiVersion", "rbac.authorization.k8s.io/v1"},
                 {"kind", "RoleBinding"},
                 {"metadata", metadata},
                 {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", user}}},
                 {"subjects", {{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", user}}}}});
}

}  // namespace harness
