#include "shared/migration/prefer_nodes.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

using namespace migrate;
namespace data = boost::unit_test::data;
using Names = std::vector<std::string>;

struct Row {
  std::string annotation;
  Names names;
  std::string error;  // empty: it is read
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << "\"" << row.annotation << "\"";
}

const std::vector<Row> kRows{
    {"node-b", {"node-b"}, ""},
    {"node-c,node-b", {"node-c", "node-b"}, ""},
    {" node-b ,\tnode-c\n", {"node-b", "node-c"}, ""},
    {"ip-10-0-0-1.eu-west-1.compute.internal", {"ip-10-0-0-1.eu-west-1.compute.internal"}, ""},
    {"node-b,node-b", {"node-b", "node-b"}, ""},
    // As if it were not there.
    {"", {}, ""},
    {" \n", {}, ""},
    // All of it is passed over: half of a list would be another wish.
    {"node-b,Node C", {}, "'Node C' is no node's name"},
    {"node-b, ", {}, "'' is no node's name"},
    {",node-b", {}, "'' is no node's name"},
    {"node-b,,node-c", {}, "'' is no node's name"},
    {"node-b node-c", {}, "'node-b node-c' is no node's name"},
    {"disk=ssd", {}, "'disk=ssd' is no node's name"},
    {R"(["node-b"])", {}, R"('["node-b"]' is no node's name)"},
    {"-node", {}, "'-node' is no node's name"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(prefer_nodes)

BOOST_DATA_TEST_CASE(names_behind_commas_or_nothing_at_all, data::make(kRows), row) {
  const auto names = parse_prefer_nodes(row.annotation);
  BOOST_TEST((names ? "" : names.error().message) == row.error);
  BOOST_TEST(names.value_or(Names{}) == row.names, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
