// manifests/monitoring/rules.yaml beside what it speaks of: the programs' figures, docs/, its copy for
// prometheus-operator. Whether its alerts are raised when they should be, rules_test.yaml says.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <regex>
#include <set>

#include "shared/base/process.h"
#include "test/temporary_folder.h"
#include "test/unit/monitoring/exposed.h"
#include "test/unit/monitoring/files.h"
#include "test/unit/monitoring/queries.h"

namespace migrate::monitoring {
namespace {

const char* const kRules = "manifests/monitoring/rules.yaml";
const char* const kOperatorRule = "manifests/monitoring/prometheus-rule.yaml";

// Those with that key, "alert" or "record".
std::vector<Json> rules_with(const char* key) {
  std::vector<Json> found;
  const Json document = document_in(kRules);
  for (const Json& group : document.at("groups"))
    for (const Json& rule : group.at("rules"))
      if (rule.contains(key)) found.push_back(rule);
  BOOST_REQUIRE(!found.empty());
  return found;
}

std::set<std::string> names_of(const char* key) {
  std::set<std::string> names;
  for (const Json& rule : rules_with(key))
    BOOST_TEST(names.insert(rule.at(key).get<std::string>()).second, rule.at(key) << " stands twice");
  return names;
}

// Beginnings of rows in docs/metrics.md.
std::set<std::string> told_in_metrics(const char* row) {
  const std::string document = text_of("docs/metrics.md");
  const std::regex pattern{row};
  std::set<std::string> told;
  for (std::sregex_iterator one{document.begin(), document.end(), pattern}, end; one != end; ++one)
    told.insert((*one)[1].str());
  return told;
}

// As GitHub makes it of a heading that is one word.
std::string anchor_of(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return word;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rules)

BOOST_AUTO_TEST_CASE(the_documentation_has_every_metric_and_no_other) {
  BOOST_TEST(told_in_metrics(R"(\n\| `([a-z_]+)` \|)") == exposed().families, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_documentation_has_every_alert_with_its_severity) {
  std::set<std::string> alerts;
  for (const Json& rule : rules_with("alert"))
    alerts.insert("`" + rule.at("alert").get<std::string>() + "` | " +
                  rule.at("labels").at("severity").get<std::string>());
  BOOST_TEST(told_in_metrics(R"(\n\| (`Kubectl\w+` \| \w+) \|)") == alerts, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_rule_asks_for_what_is_exposed) {
  const std::set<std::string> recorded = names_of("record");
  for (const Json& rule : rules_with("record"))
    check_query(rule.at("record").get<std::string>(), rule.at("expr").get<std::string>());
  for (const Json& rule : rules_with("alert"))
    check_query(rule.at("alert").get<std::string>(), rule.at("expr").get<std::string>(), recorded);
}

BOOST_AUTO_TEST_CASE(every_alert_says_how_bad_it_is_and_leads_to_its_section) {
  const std::string document = text_of("docs/troubleshooting.md");
  for (const Json& rule : rules_with("alert")) {
    const auto name = rule.at("alert").get<std::string>();
    BOOST_TEST_CONTEXT(name) {
      const auto severity = rule.at("labels").at("severity").get<std::string>();
      BOOST_TEST((severity == "critical" || severity == "warning" || severity == "info"), severity);
      for (const char* annotation : {"summary", "description"})
        BOOST_TEST(!rule.at("annotations").at(annotation).get<std::string>().empty());
      BOOST_TEST(rule.at("annotations").at("runbook_url") == "docs/troubleshooting.md#" + anchor_of(name));
      BOOST_TEST(document.find("\n### " + name + "\n") != std::string::npos, "docs/troubleshooting.md has no section");
    }
  }
}

BOOST_AUTO_TEST_CASE(every_alert_is_tested_raised_and_not) {
  std::set<std::string> raised;
  std::set<std::string> quiet;
  const Json document = document_in("test/unit/monitoring/rules_test.yaml");
  for (const Json& test : document.at("tests"))
    for (const Json& look : test.at("alert_rule_test"))
      (look.at("exp_alerts").empty() ? quiet : raised).insert(look.at("alertname").get<std::string>());
  BOOST_TEST(raised == names_of("alert"), boost::test_tools::per_element());
  BOOST_TEST(quiet == names_of("alert"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(prometheus_operator_gets_the_same) {
  const test::TemporaryFolder folder;
  Command command;
  command.argv = {in_source("manifests/monitoring/make").string(), (folder / "made.yaml").string()};
  const auto made = SystemProcesses{}.run(command);
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  BOOST_REQUIRE_MESSAGE(made->succeeded(), made->errors);
  BOOST_TEST(test::read_text(folder / "made.yaml") == text_of(kOperatorRule),
             kOperatorRule << " is not what manifests/monitoring/make makes of rules.yaml: run it");
  BOOST_TEST(document_in(kOperatorRule).at("spec") == document_in(kRules));
}

// The jobs that the rules go by, and the ports that there are.
BOOST_AUTO_TEST_CASE(prometheus_operator_finds_the_programs) {
  const auto monitors = documents_in("manifests/monitoring/monitors.yaml");
  BOOST_REQUIRE(monitors.size() == 2U);
  const auto found = [](const std::string& file, const char* kind) {
    for (Json& object : documents_in(file))
      if (object.at("kind") == kind) return object;
    BOOST_FAIL(file << " has no " << kind);
    return Json{};
  };
  const auto has_port = [](const Json& ports, const Json& name) {
    return std::any_of(ports.begin(), ports.end(), [&](const Json& port) { return port.at("name") == name; });
  };
  for (const Json& monitor : monitors)
    BOOST_TEST(monitor.at("spec").at("jobLabel") == "app.kubernetes.io/name");

  const Json& of_service = monitors.at(0).at("spec");
  const Json service = found("manifests/base/extender.yaml", "Service");
  BOOST_TEST(of_service.at("selector").at("matchLabels") == service.at("metadata").at("labels"));
  BOOST_TEST(has_port(service.at("spec").at("ports"), of_service.at("endpoints").at(0).at("port")));

  const Json& of_pods = monitors.at(1).at("spec");
  const Json agent = found("manifests/base/agent.yaml", "DaemonSet").at("spec").at("template");
  BOOST_TEST(of_pods.at("selector").at("matchLabels") == agent.at("metadata").at("labels"));
  BOOST_TEST(of_pods.at("selector").at("matchLabels").at("app.kubernetes.io/name") == "migrate-agent");
  BOOST_TEST(has_port(agent.at("spec").at("containers").at(0).at("ports"),
                      of_pods.at("podMetricsEndpoints").at(0).at("port")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::monitoring
