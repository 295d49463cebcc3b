// Documents and tables.
#include "plugin/output.h"

#include "plugin/row_printer.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

Options asking(Output output, const std::string& jsonpath = "") {
  Options options;
  options.output = output;
  options.jsonpath = jsonpath;
  return options;
}

const Json kNode = {{"apiVersion", "kubectl-migrate.dev/v1alpha1"},
                    {"kind", "MigrationNode"},
                    {"metadata", {{"name", "node-a"}, {"managedFields", {{{"manager", "x"}}}}}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(documents_are_as_kubectls_without_managed_fields) {
  const std::pair<Options, std::string> cases[] = {
      {asking(Output::name), "migrationnode.kubectl-migrate.dev/node-a\n"},
      {asking(Output::yaml),
       "apiVersion: kubectl-migrate.dev/v1alpha1\nkind: MigrationNode\nmetadata:\n  name: node-a\n"},
      {asking(Output::json),
       "{\n    \"apiVersion\": \"kubectl-migrate.dev/v1alpha1\",\n    \"kind\": \"MigrationNode\",\n"
       "    \"metadata\": {\n        \"name\": \"node-a\"\n    }\n}\n"},
      {asking(Output::jsonpath, "{.metadata}"), "{\"name\":\"node-a\"}"},
      {asking(Output::text), ""},
      {asking(Output::wide), ""}};
  for (const auto& [options, prints] : cases) {
    Scene scene;
    BOOST_TEST(print_object(scene.io, options, kNode));
    BOOST_TEST(scene.out.str() == prints);
  }
}

BOOST_AUTO_TEST_CASE(names_are_by_kind_and_group_and_of_each_item) {
  Scene scene;
  const Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "orders"}}}};
  print_object(scene.io, asking(Output::name), {{"kind", "List"}, {"items", {kNode, pod}}});
  BOOST_TEST(scene.out.str() == "migrationnode.kubectl-migrate.dev/node-a\npod/orders\n");
}

BOOST_AUTO_TEST_CASE(a_jsonpath_that_does_not_fit_is_an_error_and_prints_nothing) {
  Scene scene;
  BOOST_TEST(!print_object(scene.io, asking(Output::jsonpath, "x{.metadata[0]}"), kNode));
  BOOST_TEST(scene.out.str().empty());
  check_says(scene.err.str(), "error: error executing jsonpath \"x{.metadata[0]}\": Error executing template: ");
}

BOOST_AUTO_TEST_CASE(rows_stand_below_each_other_also_later_ones) {
  std::ostringstream out;
  RowPrinter table{out};
  table.print({{"NAME", "N", "AGE"}, {"orders-x7k2p", "1", "5s"}});
  // Shorter ones keep the columns, longer ones move them.
  table.print({{"a", "2", "6s"}});
  table.print({{"a-much-longer-name", "3", "\x1b[2J7s"}});
  table.print({});
  BOOST_TEST(out.str() ==
             "NAME           N     AGE\n"
             "orders-x7k2p   1     5s\n"
             "a              2     6s\n"
             "a-much-longer-name   3     7s\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
