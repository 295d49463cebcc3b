#include "test/e2e/phase_gate.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/migration/names.h"

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

PhaseGate::Write PhaseGate::begin_of(const std::string& phase, const std::string& migration) {
  return {{{"apiGroups", {"kubectl-migrate.dev"}},
           {"apiVersions", {"*"}},
           {"operations", {"UPDATE"}},
           {"resources", {"migrations/status"}}},
          fmt::format("has(object.status) && has(object.status.phase) && object.status.phase == '{0}' && "
                      "(!has(oldObject.status) || !has(oldObject.status.phase) || oldObject.status.phase != '{0}'){1}",
                      phase, migration.empty() ? "" : fmt::format(" && object.metadata.name == '{}'", migration))};
}

PhaseGate::PhaseGate(const Cluster& cluster, const std::string& ns, const std::string& phase,
                     const std::string& migration, Holds holds)
    : PhaseGate(cluster, ns, begin_of(phase, migration), holds) {}

// The finalizer comes with the ReplicaSet's reference.
PhaseGate PhaseGate::at_adoption(const Cluster& cluster, const std::string& ns) {
  const auto has_finalizer = [](const char* object) {
    return fmt::format("(has({0}.metadata.finalizers) && '{1}' in {0}.metadata.finalizers)", object,
                       migrate::kFinalizer);
  };
  return {cluster, ns,
          Write{{{"apiGroups", {""}}, {"apiVersions", {"v1"}}, {"operations", {"UPDATE"}}, {"resources", {"pods"}}},
                fmt::format("{} && !{}", has_finalizer("object"), has_finalizer("oldObject"))},
          Holds::until_opened};
}

PhaseGate::PhaseGate(const Cluster& cluster, const std::string& ns, const Write& write, Holds holds)
    : cluster_(cluster) {
  remove();
  // It takes connections and says nothing: not even TLS begins.
  listener_.emplace(
      cluster_words({"exec", "control", "socat", "-u",
                     fmt::format("TCP-LISTEN:{},bind=127.0.0.1,reuseaddr,fork", kPort), "OPEN:/dev/null"}),
      folder_ / "listener");
  const std::string here = fmt::format("object.metadata.namespace == '{}'", ns);
  // Nobody listens for the second one: that it refuses says that the API server has read both.
  const Json config_maps = {
      {"apiGroups", {""}}, {"apiVersions", {"v1"}}, {"operations", {"CREATE"}}, {"resources", {"configmaps"}}};
  cluster_.apply(
      {{"apiVersion", "admissionregistration.k8s.io/v1"},
       {"kind", "ValidatingWebhookConfiguration"},
       {"metadata", {{"name", kName}}},
       {"webhooks",
        {webhook("hold.kubectl-migrate.test", kPort, write.rule, fmt::format("{} && {}", here, write.condition),
                 holds == Holds::until_opened ? "Fail" : "Ignore"),
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
