#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "test/workloads/audit/report.h"

namespace {

using namespace orders;

Audit some_audit() {
  Audit audit;
  audit.sent["confirmed"] = 3;
  audit.effective = 2;
  audit.instances["orders-0"] = {2, 2, 1000, 3000};
  audit.gap = {1'000'000, 1'700'500, "a-2"};
  audit.faults = {{Category::lost_in_state, "a-3", "gone"}, {Category::duplicate_results, "a-1", "twice"}};
  return audit;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_report)

BOOST_AUTO_TEST_CASE(only_faults_that_are_not_accepted_count) {
  BOOST_TEST(!is_clean(some_audit(), {}));
  BOOST_TEST(!is_clean(some_audit(), {Category::duplicate_results}));
  BOOST_TEST(is_clean(some_audit(), {Category::duplicate_results, Category::lost_in_state}));
  BOOST_TEST(is_clean(Audit{}, {}));
}

BOOST_AUTO_TEST_CASE(the_table_shows_every_category_and_each_fault) {
  const auto table = table_of(some_audit(), {Category::duplicate_results});
  for (const Category category : kCategories)
    BOOST_TEST(contains(table, to_string(category)));
  BOOST_TEST(contains(table, "message gap             700.500 ms, ended by a-2\n"));
  BOOST_TEST(contains(table, "duplicate_results       1 (accepted)\n"));
  BOOST_TEST(contains(table, "lost_in_state: a-3: gone\n"));
  BOOST_TEST(contains(table, "\nFAULTS\n"));
  BOOST_TEST(contains(table_of({}, {}), "\nCLEAN\n"));
}

BOOST_AUTO_TEST_CASE(a_long_list_of_faults_is_cut_in_the_table_only) {
  Audit audit;
  for (int i = 0; i < 25; ++i)
    audit.faults.push_back({Category::foreign, std::to_string(i), "x"});
  BOOST_TEST(contains(table_of(audit, {}), "and 5 more"));
  BOOST_TEST(nlohmann::json::parse(json_of(audit, {})).at("faults").size() == 25);
}

BOOST_AUTO_TEST_CASE(json_says_the_same) {
  const auto json = nlohmann::json::parse(json_of(some_audit(), {Category::duplicate_results}));
  BOOST_TEST(json.at("clean") == false);
  BOOST_TEST(json.at("gap").at("microseconds") == 700'500);
  BOOST_TEST(json.at("gap").at("endedBy") == "a-2");
  BOOST_TEST(json.at("counts").at("lost_in_state") == 1);
  BOOST_TEST(json.at("counts").at("memory") == 0);
  BOOST_TEST(json.at("instances").at("orders-0").at("handled") == 2);
  BOOST_TEST(json.at("faults").at(1).at("accepted") == true);
}

BOOST_AUTO_TEST_SUITE_END()
