#include "test/unit/monitoring/promql.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

namespace migrate::monitoring {
namespace {

namespace data = boost::unit_test::data;

struct Case {
  const char* expression;
  std::vector<Selector> selectors;
  std::set<std::string> grouping;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.expression;
}

const std::vector<Case> kCases = {
    {"up", {{"up", {}}}, {}},
    {"up == 0 or vector(0)", {{"up", {}}}, {}},
    {R"(up{job="migrate-agent"} == 0)", {{"up", {"job"}}}, {}},
    {R"re(a_total{x=~"b|c", y!="sum(d)"} unless on (z) e:f:g)re", {{"a_total", {"x", "y"}}, {"e:f:g", {}}}, {"z"}},
    {"time() - (max(a_seconds) > 0) > 1800", {{"a_seconds", {}}}, {}},
    {"sum by (path, le) (rate(a_bucket[5m] offset 1h)) / sum without (pod) (b)",
     {{"a_bucket", {}}, {"b", {}}},
     {"path", "le", "pod"}},
    {R"(histogram_quantile(0.95, sum by(le) (rate(a_bucket{node=~"$node"}[$__rate_interval]))))",
     {{"a_bucket", {"node"}}},
     {"le"}},
    {"a < 1024 ^ 3 and a > 1e3", {{"a", {}}, {"a", {}}}, {}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(promql)

BOOST_DATA_TEST_CASE(names_are_found, data::make(kCases), one) {
  BOOST_TEST((selectors_of(one.expression) == one.selectors));
  BOOST_TEST(grouping_labels_of(one.expression) == one.grouping, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::monitoring
