// manifests/monitoring/dashboard.json: whether Grafana can show it, and whether there is what it asks for.
#include <boost/test/unit_test.hpp>
#include <map>
#include <regex>
#include <set>
#include <utility>

#include "shared/base/process.h"
#include "test/temporary_folder.h"
#include "test/unit/monitoring/files.h"
#include "test/unit/monitoring/queries.h"

namespace migrate::monitoring {
namespace {

const char* const kFile = "manifests/monitoring/dashboard.json";
constexpr int kColumns = 24;  // of Grafana's grid

const Json& dashboard() {
  static const Json kDashboard = document_in(kFile);
  return kDashboard;
}

std::string title_of(const Json& panel) {
  return panel.at("title").get<std::string>();
}

// With queries; rows have none.
std::vector<Json> panels() {
  std::vector<Json> all;
  for (const Json& panel : dashboard().at("panels"))
    if (panel.at("type") != "row") all.push_back(panel);
  BOOST_REQUIRE(!all.empty());
  return all;
}

// Title and expression of each.
std::vector<std::pair<std::string, std::string>> queries() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Json& panel : panels())
    for (const Json& target : panel.at("targets"))
      all.emplace_back(title_of(panel), target.at("expr").get<std::string>());
  return all;
}

// As Grafana would put in for its variables.
std::string filled_in(std::string query) {
  const std::pair<std::regex, std::string> variables[] = {{std::regex{R"(\$__rate_interval|\$__range)"}, "5m"},
                                                          {std::regex{R"(\$node\b)"}, "node-a|node-b"}};
  for (const auto& [variable, value] : variables)
    query = std::regex_replace(query, variable, value);
  return query;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dashboard_)

BOOST_AUTO_TEST_CASE(it_asks_for_what_is_exposed) {
  for (const auto& [title, query] : queries())
    check_query(title, query);
}

// Each as a rule of its own, which promtool reads like Prometheus.
BOOST_AUTO_TEST_CASE(prometheus_understands_every_query) {
  Json rules = Json::array();
  for (const auto& [title, query] : queries()) {
    BOOST_TEST(filled_in(query).find('$') == std::string::npos, title << " has an unknown variable: " << query);
    rules.push_back({{"record", "query_" + std::to_string(rules.size())}, {"expr", filled_in(query)}});
  }
  const test::TemporaryFolder folder;
  test::write_text(folder / "queries.yaml", Json{{"groups", {{{"name", "dashboard"}, {"rules", rules}}}}}.dump());
  Command command;
  command.argv = {PROMTOOL, "check", "rules", (folder / "queries.yaml").string()};
  const auto checked = SystemProcesses{}.run(command);
  BOOST_REQUIRE_MESSAGE(checked, (checked ? "" : checked.error().message));
  BOOST_TEST(checked->succeeded(), checked->output << checked->errors);
}

BOOST_AUTO_TEST_CASE(every_query_goes_to_the_source_that_was_chosen) {
  const Json& variables = dashboard().at("templating").at("list");
  BOOST_TEST(variables.at(0).at("name") == "datasource");
  BOOST_TEST(variables.at(0).at("type") == "datasource");
  BOOST_TEST(variables.at(0).at("query") == "prometheus");
  const Json chosen{{"type", "prometheus"}, {"uid", "${datasource}"}};
  for (const Json& variable : variables)
    if (variable.at("type") == "query") BOOST_TEST(variable.at("datasource") == chosen);
  for (const Json& panel : panels()) {
    BOOST_TEST(panel.at("datasource") == chosen, title_of(panel));
    for (const Json& target : panel.at("targets"))
      BOOST_TEST(target.at("datasource") == chosen, title_of(panel));
  }
}

BOOST_AUTO_TEST_CASE(every_panel_says_what_it_shows) {
  std::set<int> ids;
  for (const Json& panel : dashboard().at("panels")) {
    BOOST_TEST(ids.insert(panel.at("id").get<int>()).second, "two panels have the id " << panel.at("id"));
    BOOST_TEST(!title_of(panel).empty());
  }
  for (const Json& panel : panels()) {
    BOOST_TEST(!panel.at("description").get<std::string>().empty(), title_of(panel));
    BOOST_TEST(!panel.at("fieldConfig").at("defaults").at("unit").get<std::string>().empty(), title_of(panel));
    std::set<std::string> references;
    for (const Json& target : panel.at("targets")) {
      BOOST_TEST(references.insert(target.at("refId").get<std::string>()).second, title_of(panel));
      BOOST_TEST((panel.at("type") == "stat" || !target.at("legendFormat").get<std::string>().empty()),
                 title_of(panel) << " has a series without a name");
    }
  }
}

BOOST_AUTO_TEST_CASE(no_panel_lies_on_another_one) {
  std::map<std::pair<int, int>, std::string> taken;
  for (const Json& panel : dashboard().at("panels")) {
    const Json& place = panel.at("gridPos");
    const int left = place.at("x").get<int>();
    const int top = place.at("y").get<int>();
    const int right = left + place.at("w").get<int>();
    const int bottom = top + place.at("h").get<int>();
    BOOST_TEST((left >= 0 && right <= kColumns), title_of(panel));
    for (int x = left; x < right; ++x)
      for (int y = top; y < bottom; ++y) {
        const auto [at, is_free] = taken.emplace(std::pair{x, y}, title_of(panel));
        BOOST_REQUIRE_MESSAGE(is_free, title_of(panel) << " lies on " << at->second);
      }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::monitoring
