#include "test/e2e/phase_gate.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kName = "test-phase-gate";
constexpr int kPort = 39443;
constexpr const char* kProbe = "phase-gate-probe";

Json webhook(const std::string& name, int port, const Json& rule, const std::string& condition, const char* policy) {
  return {{"name", name},
          {"clientConfig", {{"url", fmt::format("https://127.0.0.1:{}/", port)}}},
          {"rules", {rule}},
          {"matchConditions", {{{"name", "only"}, {"expression", condition}}}},
          {"failurePolicy", policy},
          {"sideEffects", "None"},
          {"timeoutSeconds", 30},
          {"admissionReviewVersions", {"v1"}}};
}

}  // namespace

PhaseGate::PhaseGate(const Cluster& cluster, const std::string& ns, std::string phase, const std::string& migration,
                     Holds holds)
    : cluster_(cluster), phase_(std::move(phase)) {
  remove();
  // It takes connections and says nothing: not even TLS begins.
  listener_.emplace(
      cluster_words({"exec", "control", "socat", "-u",
                     fmt::format("TCP-LISTEN:{},bind=127.0.0.1,reuseaddr,fork", kPort), "OPEN:/dev/null"}),
      folder_ / "listener");
  const std::string here = fmt::format("object.metadata.namespace == '{}'", ns);
  const std::string begins = fmt::format(
      "{} && has(object.status) && has(object.status.phase) && object.status.phase == '{}' && (!has(oldObject.status) "
      "|| "
      "!has(oldObject.status.phase) || oldObject.status.phase != '{}'){}",
      here, phase_, phase_, migration.empty() ? "" : fmt::format(" && object.metadata.name == '{}'", migration));
  const Json status = {{"apiGroups", {"kubectl-migrate.dev"}},
                       {"apiVersions", {"*"}},
                       {"operations", {"UPDATE"}},
                       {"resources", {"migrations/status"}}};
  // Nobody listens for the second one: that it refuses says that the API server has read both.
  const Json config_maps = {
      {"apiGroups", {""}}, {"apiVersions", {"v1"}}, {"operations", {"CREATE"}}, {"resources", {"configmaps"}}};
  cluster_.apply(
      {{"apiVersion", "admissionregistration.k8s.io/v1"},
       {"kind", "ValidatingWebhookConfiguration"},
       {"metadata", {{"name", kName}}},
       {"webhooks",
        {webhook("hold.kubectl-migrate.test", kPort, status, begins, holds == Holds::until_opened ? "Fail" : "Ignore"),
         webhook("probe.kubectl-migrate.test", kPort + 1, config_maps,
                 fmt::format("{} && object.metadata.name == '{}'", here, kProbe), "Fail")}}});
  eventually("the API server to ask the gate's webhook", [&] {
    return !cluster_.run({"kubectl", "-n", ns, "create", "configmap", kProbe, "--dry-run=server"}).succeeded();
  });
  eventually("the gate's listener", [&] {
    return !cluster_.on("control", {"ss", "-Hltn", fmt::format("sport = :{}", kPort)}).empty();
  });
}

PhaseGate::~PhaseGate() {
  listener_.reset();
  try {
    remove();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

bool PhaseGate::is_reached() const {
  return !cluster_.on("control", {"ss", "-Htn", "state", "established", fmt::format("sport = :{}", kPort)}).empty();
}

void PhaseGate::open() {
  listener_.reset();
  remove();
}

void PhaseGate::remove() const {
  cluster_.kubectl({"delete", "validatingwebhookconfigurations", kName, "--ignore-not-found"});
}

}  // namespace harness
