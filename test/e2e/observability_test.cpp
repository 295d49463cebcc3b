// One migration, seen from outside: its events, what the programs count of it, and their logs by its uid.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "test/e2e/node_under_pressure.h"
#include "test/e2e/product_metrics.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/scene.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

struct Moved {
  Scene scene{"observed"};
  Json migration;
  std::string source_uid;

  Moved() {
    scene.start(Scene::consumer_on("node-a"));
    source_uid = scene.stage().pod(scene.consumer()).at("metadata").at("uid").get<std::string>();
    migration = scene.move({"--to", "node-b"}).migration;
  }
  [[nodiscard]] std::string uid() const { return migration.at("metadata").at("uid").get<std::string>(); }
  [[nodiscard]] std::string name() const { return migration.at("metadata").at("name").get<std::string>(); }

  [[nodiscard]] std::string events_of(const std::string& object_uid) const {
    return scene.cluster().kubectl({"-n", scene.stage().ns().name(), "get", "events", "--field-selector",
                                    "involvedObject.uid=" + object_uid, "-o",
                                    "jsonpath={range .items[*]}{.type} {.reason} {.source.component}"
                                    "{.reportingComponent} {.message}{'\\n'}{end}"});
  }
  [[nodiscard]] std::vector<Json> lines_of(const std::string& pod) const {
    return lines_in(scene.cluster().kubectl({"-n", "kubectl-migrate", "logs", pod, "--tail=-1"}));
  }
  // Lines that carry the migration's uid, each one JSON.
  [[nodiscard]] std::vector<Json> lines_in(const std::string& text) const {
    std::vector<Json> lines;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string line = text.substr(at, end - at);
      at = end + 1;
      if (line.find(uid()) != std::string::npos) lines.push_back(Json::parse(line, nullptr, false));
    }
    return lines;
  }
};

const Moved& moved() {
  static const Moved made;
  return made;
}

// A value above 0 of a series of ours whose name contains the word.
bool counts(const std::string& text, const std::string& word) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("kubectl_migrate_") || line.find(word) == std::string::npos) continue;
    const std::string value = line.substr(line.rfind(' ') + 1);
    if (value != "0" && value != "0.0") return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(observability)

BOOST_AUTO_TEST_CASE(pod_and_migration_have_events) {
  std::string of_migration;
  try {
    eventually("events of the Migration", [&] { return !(of_migration = moved().events_of(moved().uid())).empty(); });
  } catch (const std::exception& error) {
    BOOST_ERROR(error.what());
  }
  BOOST_TEST(of_migration.find("Normal") != std::string::npos, of_migration);
  BOOST_TEST(of_migration.find("node-b") != std::string::npos, of_migration);
  const std::string of_pod = moved().events_of(moved().source_uid);
  BOOST_TEST(of_pod.find("igrat") != std::string::npos, "no event about the migration on the source Pod:\n" << of_pod);
}

BOOST_AUTO_TEST_CASE(the_leader_counts_phases_gap_bytes_and_ends) {
  const std::string text = leader_metrics(moved().scene.cluster());
  for (const char* word : {"phase", "gap", "freeze", "bytes", "Succeeded", "request"})
    BOOST_TEST(counts(text, word), "no series of ours counts '" << word << "' in:\n" << text);
}

BOOST_AUTO_TEST_CASE(a_refused_and_a_rolled_back_one_are_counted_too) {
  const auto& stage = moved().scene.stage();
  const NodeUnderPressure busy{moved().scene.cluster(), moved().scene.other_node()};
  const auto late = stage.plugin({moved().scene.consumer(), "--node-selector", busy.label(), "--timeout", "2s"});
  BOOST_TEST(code_of(late) == 5, text_of(late));
  const auto refused = stage.plugin({moved().scene.consumer(), "--node-selector", "nothing=here"});
  BOOST_TEST(code_of(refused) == 3, text_of(refused));
  const std::string text = leader_metrics(moved().scene.cluster());
  for (const char* phase : {"RolledBack", "Refused"})
    BOOST_TEST(counts(text, phase), text);
}

BOOST_AUTO_TEST_CASE(agents_answer_for_themselves) {
  for (const char* node : {"node-a", "node-b"}) {
    const std::string text = moved().scene.cluster().on(node, {"curl", "-fsS", "http://127.0.0.1:10961/metrics"});
    for (const char* series :
         {"migrate_agent_order_seconds", "migrate_agent_archive_bytes_total", "migrate_agent_archives_free_bytes"})
      BOOST_TEST(text.find(series) != std::string::npos, node << " has no " << series << ":\n" << text);
    for (const char* path : {"healthz", "readyz"})
      moved().scene.cluster().on(node, {"curl", "-fsS", std::string("http://127.0.0.1:10961/") + path});
  }
}

// The API server knows no prometheus-operator here; the dashboard it can take.
BOOST_AUTO_TEST_CASE(what_kustomize_makes_for_monitoring_can_be_applied) {
  const Cluster& cluster = moved().scene.cluster();
  const std::string made = cluster.kubectl({"kustomize", (source_folder() / "manifests/monitoring").string()});
  for (const char* kind : {"PodMonitor", "PrometheusRule", "ServiceMonitor"})
    BOOST_TEST(made.find(std::string("\nkind: ") + kind + "\n") != std::string::npos, kind << " is missing in:\n"
                                                                                           << made);
  const std::string dashboard = made.substr(0, made.find("\n---\n") + 1);  // ConfigMaps come first
  const auto taken = cluster.run({"kubectl", "apply", "--dry-run=server", "-f", "-"}, dashboard);
  BOOST_TEST(taken.succeeded(), taken.errors);
  BOOST_TEST(taken.output.find("configmap/kubectl-migrate-dashboard created") != std::string::npos, taken.output);
}

BOOST_AUTO_TEST_CASE(every_program_logs_it_under_its_uid_as_json) {
  const Cluster& cluster = moved().scene.cluster();
  const auto check = [](const std::string& who, const std::vector<Json>& lines) {
    BOOST_TEST(!lines.empty(), who << " has logged nothing with " << moved().uid());
    for (const Json& line : lines) {
      BOOST_REQUIRE_MESSAGE(line.is_object(), who << ": a line is no JSON: " << line.dump());
      BOOST_TEST(line.value("migration", "") == moved().uid());
      for (const char* field : {"time", "level", "program", "message"})
        BOOST_TEST(line.contains(field), field << " is missing: " << line.dump());
    }
  };
  for (const std::string& pod : {leader(cluster).pod, agent_on(cluster, "node-a").pod, agent_on(cluster, "node-b").pod})
    check(pod, moved().lines_of(pod));
  const auto restored = moved().lines_in(cluster.on("node-b", {"cat", "/var/log/migrate-runc.log"}));
  check("migrate-runc on node-b", restored);
  const bool says_so = std::any_of(restored.begin(), restored.end(), [](const Json& line) {
    return line.is_object() && line.value("message", "").find("restored in") != std::string::npos;
  });
  BOOST_TEST(says_so, "migrate-runc does not tell that it restored it");
}

BOOST_AUTO_TEST_SUITE_END()
